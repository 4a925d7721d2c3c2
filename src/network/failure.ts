import { BuildkitError, causes, isBuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { sanitize } from '../base/redact.ts'
import { type TlsFailureOptions, tlsFailure } from './tls-failure.ts'

/**
 * What Node, undici or OpenSSL report of a connection, as an error of ours: TLS_FAILED, TIMEOUT, else UNREACHABLE, with
 * what came and what to do. `description` is the other side, as in `cannot reach tcp://build.example:1234`. An error of
 * ours somewhere down the chain of causes is kept: it has been explained already.
 */
export function networkError(
  error: unknown,
  description: string,
  options: TlsFailureOptions = {},
): BuildkitError {
  const explained = causes(error).find(isBuildkitError) ?? tlsFailure(error, description, options)
  if (explained !== undefined) return explained
  const chain = causes(error)
  const code = chain.map(systemCode).find((code) => code !== undefined) ?? ''
  if (timeouts.has(code))
    return new BuildkitError('TIMEOUT', `no answer from ${description}`, {
      subject: description,
      received: wordsOf(error),
      cause: error,
    })
  const advice = adviceFor(code)
  return new BuildkitError('UNREACHABLE', `cannot reach ${description}`, {
    subject: description,
    received: chain.some(({ name }) => name === 'HTTPParserError')
      ? 'something else than HTTP'
      : wordsOf(error),
    cause: error,
    ...(advice !== undefined && { advice }),
  })
}

/** The innermost error says what has happened; where one stands around it, it says to what. */
function wordsOf(error: unknown): string {
  const chain = causes(error).map(messageOf)
  return sanitize(chain.length === 0 ? messageOf(error) : [...new Set([chain[0], chain.at(-1)])].join(': '))
}

/** undici's own (docs/docs/api/Errors.md). */
const timeouts = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function adviceFor(code: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return 'There is no such socket: check the path and that the daemon is running'
    case 'EACCES':
    case 'EPERM':
      return 'This user may not use the socket: join the group that owns it, or become its owner'
    case 'ECONNREFUSED':
      return 'Nothing listens there: check the address and that the server is running'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'The name does not resolve: check the host and the name service'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'The host does not answer: check the address, the network and the firewall'
    default:
      return undefined
  }
}
