import { isIPv6 } from 'node:net'
import { invalidOption } from '../base/errors.ts'

/** Where a daemon listens. An IPv6 host stands without its brackets. */
export type Address =
  /** A BuildKit daemon on a Unix socket or a TCP port. The path of an abstract socket begins with a zero byte. */
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** The API of a Docker Engine, on either, with a BuildKit behind it. */
  | { readonly kind: 'docker'; readonly path: string }
  | { readonly kind: 'docker'; readonly host: string; readonly port: number }
  /** Either on a machine with an ssh server. */
  | SshAddress

export interface SshAddress {
  readonly kind: 'ssh' | 'docker+ssh'
  readonly login: string | undefined
  readonly host: string
  /** By default what ssh's own configuration says. */
  readonly port: number | undefined
  /** Of the daemon's socket over there; by default what the program there uses. */
  readonly path: string | undefined
}

/** What stands at the end of a way: a BuildKit daemon, or a Docker Engine with a BuildKit inside. */
export type DaemonKind = 'buildkit' | 'engine'

/** Which of the two an address means. */
export function daemonKindOf({ kind }: Address): DaemonKind {
  return kind === 'docker' || kind === 'docker+ssh' ? 'engine' : 'buildkit'
}

/** Where the Docker Engine listens unless it is told otherwise. */
export const defaultEngineSocket = '/var/run/docker.sock'

const forms =
  'unix:///path/to/buildkitd.sock, tcp://host:port, docker://, docker:///path/to/docker.sock, docker://host:port, ssh://host or docker+ssh://host'

/**
 * Reads the address of a daemon:
 *
 * | form | daemon |
 * |---|---|
 * | `unix:///path`, `unix:/path` | BuildKit on a Unix socket, the path taken as it stands |
 * | `unix://@name` | BuildKit on an abstract socket of Linux |
 * | `unix:///path/docker.sock` | the Docker Engine: a socket of that name is an Engine's |
 * | `tcp://host:port` | BuildKit on a TCP port, an IPv6 host in brackets |
 * | `docker://` | the Docker Engine on its default socket |
 * | `docker:///path`, `docker://@name` | the Docker Engine on a socket of any name |
 * | `docker://host:port` | the Docker Engine on a TCP port |
 * | `ssh://user@host:port/path` | BuildKit on a machine with an ssh server; all but the host may be left out |
 * | `docker+ssh://user@host:port/path` | the Docker Engine on such a machine |
 *
 * A scheme may have upper-case letters. Throws INVALID_OPTION for anything else, naming `option`; what stands where a password could is left out
 * of the message.
 */
export function parseAddress(text: string, option = 'address'): Address {
  const [, scheme, rest] = /^(unix(?=:\/(?!\/))|[a-z][a-z0-9.+-]*(?=:\/\/)):(?:\/\/)?(.*)$/is.exec(text) ?? []
  const refuse = refusal(text, option)
  if (scheme === undefined || rest === undefined)
    throw refuse(forms, text.startsWith('/') ? `Write unix://${text}` : undefined)
  if (/[?#]/.test(rest)) throw refuse('an address without query and fragment')
  switch (scheme.toLowerCase()) {
    case 'unix':
      return unixAddress(rest, refuse)
    case 'tcp':
      return { kind: 'tcp', ...hostAndPort(rest, 'tcp://host:port', refuse) }
    case 'docker':
      return engineAddress(rest, refuse)
    case 'ssh':
      return { kind: 'ssh', ...remote(rest, refuse) }
    case 'docker+ssh':
      return { kind: 'docker+ssh', ...remote(rest, refuse) }
    default:
      throw refuse(forms, advices[scheme.toLowerCase()] ?? otherKind)
  }
}

const otherKind = 'For any other kind pass a dialer, a function that returns a Duplex'

/** For schemes that other clients take. */
const advices: Readonly<Record<string, string>> = {
  npipe: 'Let the daemon listen on a TCP port of this machine, or pass a dialer that opens the pipe',
  http: 'Write tcp:// for BuildKit, docker:// for a Docker Engine',
  https: 'Write tcp:// for BuildKit, docker:// for a Docker Engine, and give the tls option',
}

/** An address as it may be shown: user info, query and fragment are replaced by dots. */
export function printableAddress(text: string): string {
  return text.replace(/^([a-z][a-z0-9.+-]*:\/\/)?.*@/is, '$1…@').replace(/([?#]).*$/s, '$1…')
}

type Refuse = (expected: string, advice?: string) => Error

function refusal(text: string, option: string): Refuse {
  const received = printableAddress(text)
  return (expected, advice) =>
    invalidOption(option, { expected, received, ...(advice !== undefined && { advice }) })
}

function unixAddress(rest: string, refuse: Refuse): Address {
  const path = socketPath(rest, 'unix:///path/to/buildkitd.sock', refuse)
  return path.endsWith('/docker.sock') ? { kind: 'docker', path } : { kind: 'unix', path }
}

function engineAddress(rest: string, refuse: Refuse): Address {
  if (rest === '') return { kind: 'docker', path: defaultEngineSocket }
  if (/^[/@]/.test(rest))
    return { kind: 'docker', path: socketPath(rest, 'docker:///path/to/docker.sock', refuse) }
  return { kind: 'docker', ...hostAndPort(rest, 'docker://host:port', refuse) }
}

/** The room for a path in `sockaddr_un`. Node cuts a longer one off and connects to another socket. */
const maxSocketPathBytes = process.platform === 'darwin' ? 103 : 107

function socketPath(text: string, form: string, refuse: Refuse): string {
  const path = text.replace(/^@(?=.)/, '\0')
  const isAbstract = path.startsWith('\0') && !text.startsWith('\0')
  if (!(isAbstract || /^\/.*[^/]$/s.test(path)) || path.includes('\0', 1))
    throw refuse(`${form}, the path absolute`)
  if (isAbstract && process.platform !== 'linux')
    throw refuse('a socket with a path: abstract sockets exist on Linux only')
  if (Buffer.byteLength(path) > maxSocketPathBytes)
    throw refuse(`a socket path of at most ${maxSocketPathBytes} bytes`)
  return path
}

/** Nothing that a shell over there, or ssh's own options, could take for something else. */
function remote(rest: string, refuse: Refuse): Omit<SshAddress, 'kind'> {
  const [, login, ipv6, name, digits, path] =
    /^(?:([\w.][\w.-]*)@)?(?:\[([^\]]*)\]|([a-z0-9_][a-z0-9._-]*))(?::(\d{1,5}))?(\/[\w./-]*)?$/i.exec(
      rest,
    ) ?? []
  const host = ipv6 ?? name
  const port = digits === undefined ? undefined : Number(digits)
  if (host === undefined || (ipv6 !== undefined && !isIPv6(ipv6)) || port === 0 || (port ?? 1) > 65_535)
    throw refuse('ssh://user@host:port/path, a plain path, and no password')
  return { login, host, port, path: path === '/' ? undefined : path }
}

function hostAndPort(rest: string, form: string, refuse: Refuse): { host: string; port: number } {
  if (rest.includes('@')) throw refuse(`${form}, without user info`)
  const [, ipv6, name, digits] = /^(?:\[([^\]]*)\]|([a-z0-9._-]+)):(\d{1,5})\/?$/i.exec(rest) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535) throw refuse(`${form}, the port from 1 to 65535`)
  if (ipv6 !== undefined && !isIPv6(ipv6)) throw refuse(`${form}, an IPv6 address in the brackets`)
  // A name that ends in a number has to be an IPv4 address, and 256.1.1.1 is none.
  if (name !== undefined && !URL.canParse(`http://${name}`)) throw refuse(`${form}, a valid host`)
  return { host, port }
}
