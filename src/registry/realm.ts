import { BuildkitError } from '../base/errors.ts'
import { isLoopback } from '../network/host.ts'

/**
 * Checks the URL of a token server. A registry chooses it, and with it whom we call from this machine and
 * who sees a password:
 *
 * | realm | anonymous | with credentials |
 * |---|---|---|
 * | `https:` on any host, as with Docker Hub | yes | yes |
 * | `http:` on this machine, for a registry on this machine | yes | yes |
 * | `http:` on the registry's own host and port | yes | no |
 * | anything else, or with user info | no | no |
 *
 * `host` is the registry's, with its port where it has one. Throws CREDENTIALS_FAILED.
 */
export function realmUrl(realm: string, host: string, withCredentials: boolean): URL {
  if (!URL.canParse(realm)) throw refused(host, 'a URL', 'something else')
  const url = new URL(realm)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw refused(host, 'an http or https URL without user info', urlForLog(url))
  if (url.protocol === 'https:') return url
  if (isLoopback(url.hostname) && isLoopback(host)) return url
  if (withCredentials || url.host !== hostInHttp(host))
    throw refused(host, 'https, unless registry and token server are on this machine', urlForLog(url))
  return url
}

/** As a URL has it, which leaves out port 80. */
function hostInHttp(host: string): string | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).host : undefined
}

/** A URL for messages: without query, which may hold a secret, and of a readable length. */
export function urlForLog(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`.slice(0, 200)
}

function refused(host: string, expected: string, received: string): BuildkitError {
  return new BuildkitError('CREDENTIALS_FAILED', `no token for ${host}: its token server is not called`, {
    subject: host,
    expected,
    received,
    advice: 'With BUILDKIT_NO_CLIENT_TOKEN=1 in the environment the daemon fetches tokens itself',
  })
}
