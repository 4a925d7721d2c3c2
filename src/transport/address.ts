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

/** Where the Docker Engine listens unless it is told otherwise. */
export const defaultEngineSocket = '/var/run/docker.sock'

const forms =
  'unix:///path/to/buildkitd.sock, tcp://host:port, docker://, docker:///path/to/docker.sock or docker://host:port'

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
    default:
      throw refuse(forms, advices[scheme.toLowerCase()] ?? otherKind)
  }
}

const otherKind = 'For any other kind pass a dialer, a function that returns a Duplex'

/** For schemes that other clients take. */
const advices: Readonly<Record<string, string>> = {
  ssh:
    'Bring its socket here, as by ssh -NL /tmp/buildkitd.sock:/run/buildkit/buildkitd.sock user@host, ' +
    'and use unix:///tmp/buildkitd.sock',
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
