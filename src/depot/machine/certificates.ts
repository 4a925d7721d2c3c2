import type { Environment } from '../../base/environment.ts'
import { BuildkitError, isBuildkitError } from '../../base/errors.ts'
import { printableAddress } from '../../transport/address.ts'
import type { Route } from '../../transport/route.ts'
import { routeTo } from '../../transport/route-to.ts'
import type { MachineAccess } from './machine-api.ts'

/**
 * The way to a machine, with its certificates checked: each of them is there and PEM, our key fits our
 * certificate, which is valid now, and the machine has a name. They stay in memory. Nothing is dialled yet; `env` holds
 * the proxy variables.
 *
 * Throws TLS_FAILED, which says what is wrong with which of them, and PROTOCOL_ERROR for an endpoint that is
 * no TCP address: a reply must not lead us to a socket of this machine.
 */
export async function routeToMachine(
  access: MachineAccess,
  subject: string,
  env?: Environment,
): Promise<Route> {
  const { endpoint, serverName, cert, key, ca } = access
  if (!/^tcp:\/\/[^/]{1,255}:\d+\/?$/.test(endpoint)) throw noEndpoint(subject, endpoint)
  try {
    return await routeTo(endpoint, { tls: { ca, cert, key, serverName }, env })
  } catch (error) {
    if (!isBuildkitError(error) || error.subject === undefined) throw error
    const part = parts[error.subject]
    throw part === undefined ? noEndpoint(subject, endpoint) : unusable(subject, part, error)
  }
}

/** What Depot has sent, by the option that it becomes. */
const parts: Readonly<Record<string, string>> = {
  tls: 'certificates',
  'tls.ca': 'certificate of its authority',
  'tls.cert': 'certificate for us',
  'tls.key': 'key of the certificate for us',
  'tls.serverName': 'name of its certificate',
}

function unusable(subject: string, part: string, error: BuildkitError): BuildkitError {
  return new BuildkitError('TLS_FAILED', `the ${part} that came with ${subject} cannot be used`, {
    subject,
    ...(error.expected !== undefined && { expected: error.expected }),
    ...(error.received !== undefined && { received: error.received }),
    advice: 'See whether the clock of this machine is right; if it is, tell Depot',
    cause: error,
  })
}

function noEndpoint(subject: string, endpoint: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', `the address that came with ${subject} cannot be used`, {
    subject,
    expected: 'tcp://host:port',
    received: JSON.stringify(printableAddress(endpoint.slice(0, 120))),
  })
}
