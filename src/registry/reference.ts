import { isDigest } from '../base/digest.ts'
import { invalidOption } from '../base/errors.ts'

/** The name of an image in full, as the Docker tools understand the short form. */
export interface Reference {
  /** The registry: `docker.io` where none is named; a port stays with it. */
  readonly domain: string
  /** The repository in that registry: `library/` is added to Docker Hub's official images. */
  readonly path: string
  /** Undefined where none is named: `latest` is not filled in. */
  readonly tag: string | undefined
  /** Such as `sha256:` and 64 hexadecimal digits. */
  readonly digest: string | undefined
}

/**
 * Reads `[domain/]path[:tag][@digest]` by the rules of the Docker tools (distribution/reference `regexp.go`,
 * `normalize.go`). Throws INVALID_OPTION, naming `option`.
 */
export function parseReference(text: string, option = 'reference'): Reference {
  const refuse = refusal(text, option)
  const [name, digest] = splitOnce(text, '@')
  const { domain, rest } = splitDomain(name)
  const [path, tag] = splitOnce(rest, ':')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw refuse('Leave out the scheme')
  if (/^[a-f0-9]{64}$/.test(text)) throw refuse('An image ID is not a name: give it a name first')
  if (!isDomain(domain)) throw refuse(`${JSON.stringify(printable(domain))} is no registry host`)
  if (!pathPattern.test(path)) throw refuse(adviceForPath(path))
  if (path.length > longestPath) throw refuse(`A repository has at most ${longestPath} characters`)
  if (tag !== undefined && !tagPattern.test(tag))
    throw refuse('A tag is up to 128 letters, digits, _, . and -, and begins with none of the last two')
  if (digest !== undefined && !isDigest(digest))
    throw refuse('A digest is sha256:, sha384: or sha512: and all of its lower-case hexadecimal digits')
  return { domain, path, tag, digest }
}

const domainPattern =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[a-f0-9:]+\])(?::[0-9]+)?$/i

/** A host with underscores is no domain, and yet the Go tools let it through and call it. */
function isDomain(text: string): boolean {
  return domainPattern.test(text) || pathPattern.test(text)
}

const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^\w[\w.-]{0,127}$/
const longestPath = 255

/** The first part is a registry only if it could not be the first part of a repository on Docker Hub. */
function splitDomain(name: string): { domain: string; rest: string } {
  const [first, remote] = splitOnce(name, '/')
  if (remote === undefined) return { domain: 'docker.io', rest: `library/${name}` }
  const named = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  if (!named) return { domain: 'docker.io', rest: name }
  if (first !== 'docker.io' && first !== 'index.docker.io') return { domain: first, rest: remote }
  return { domain: 'docker.io', rest: remote.includes('/') ? remote : `library/${remote}` }
}

function adviceForPath(path: string): string {
  if (pathPattern.test(path.toLowerCase())) return 'A repository is written in lower case'
  return 'A repository is parts between slashes, of lower-case letters and digits with single ., _ or any - inside'
}

function refusal(text: string, option: string): (advice: string) => Error {
  return (advice) =>
    invalidOption(option, {
      expected: 'an image name such as registry.example/team/app:1.0',
      received: printable(text),
      advice,
    })
}

/** What stands before an `@` that begins no digest may be a password. */
function printable(text: string): string {
  return text.replace(/^.*@(?![a-z0-9]+:[0-9a-f]*$)/is, '…@')
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}
