import { join } from 'node:path'
import { invalidOption } from '../base/errors.ts'
import type { TlsOptions } from '../network/tls-options.ts'
import { printableAddress } from './address.ts'

/** Where an Engine is, and what TLS it wants. */
export interface EngineTarget {
  readonly address: string
  readonly tls?: TlsOptions
}

/**
 * The Engine that Docker's own variables name: `DOCKER_HOST`, where `unix://` and `tcp://` mean the Engine's
 * API, and for TCP `DOCKER_TLS_VERIFY` with `DOCKER_CERT_PATH`. Throws INVALID_OPTION for other schemes.
 */
export function dockerHost(env: Readonly<Record<string, string | undefined>>): EngineTarget {
  const { DOCKER_HOST = '', DOCKER_TLS_VERIFY } = env
  const [, scheme, rest] = /^(unix|tcp):\/\/(.*)$/s.exec(DOCKER_HOST) ?? []
  if (scheme === undefined)
    throw invalidOption('DOCKER_HOST', {
      expected: 'unix:///path/to/docker.sock or tcp://host:port',
      received: printableAddress(DOCKER_HOST),
    })
  const address = `docker://${rest}`
  return scheme === 'tcp' && DOCKER_TLS_VERIFY ? { address, tls: dockerTls(env) } : { address }
}

/** The three files that Docker looks for. */
function dockerTls({ DOCKER_CERT_PATH, HOME = '' }: Parameters<typeof dockerHost>[0]): TlsOptions {
  const folder = DOCKER_CERT_PATH || join(HOME, '.docker')
  return {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
  }
}
