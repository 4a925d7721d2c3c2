import type { DescService } from '@bufbuild/protobuf'
import { type Client, createClient } from '@connectrpc/connect'
import type { Environment } from '../../base/environment.ts'
import { invalidOption } from '../../base/errors.ts'
import { redactUrls } from '../../base/redact.ts'
import type { OnWarning } from '../../base/warning.ts'
import { BuildService, RegistryService } from '../../gen/depot/build_pb.js'
import { BuildKitService } from '../../gen/depot/buildkit_pb.js'
import { BuildService as CliBuildService } from '../../gen/depot/cli_pb.js'
import { OrganizationService } from '../../gen/depot/core_org_pb.js'
import { BuildService as PastBuildService, ProjectService } from '../../gen/depot/core_pb.js'
import { UsageService } from '../../gen/depot/core_usage_pb.js'
import { isLoopback } from '../../network/host.ts'
import { streamToServer } from '../../network/stream.ts'
import type { TlsIdentity } from '../../network/tls-options.ts'
import { apiTransport } from './api-transport.ts'
import { ConnectionPool } from './http/connection-pool.ts'
import type { TokenSource } from './token-source.ts'

/** Where Depot answers, unless an option or `DEPOT_API_URL` says otherwise (Depot's own clients). */
export const defaultApiUrl = 'https://api.depot.dev'

/** The connections to Depot's API, over which many tokens may call. */
export interface ApiChannel {
  /** The base URL, for messages. */
  readonly url: string
  readonly pool: ConnectionPool
  /** Ends the connections with the calls on them. */
  close(): void
}

export interface ApiChannelOptions {
  /** Where the proxy variables are looked up. `process.env` by default. */
  readonly env?: Environment | undefined
  /** The TLS options for the API, loaded. The system's authorities are trusted by default. */
  readonly identity?: TlsIdentity | undefined
  /** Called with PLAINTEXT_TCP for an `http:` URL of another machine. */
  readonly onWarning?: OnWarning | undefined
}

/**
 * A channel to Depot's API: over TLS, or in clear for an `http:` URL, which a local stand-in has. It connects with the
 * first call and keeps no process alive. Throws INVALID_OPTION for anything but an http or https URL, and for one with
 * a user, a password, a query or a fragment, which would not be sent.
 */
export function openApi(url: string, { env, identity, onWarning }: ApiChannelOptions = {}): ApiChannel {
  const parsed = checkedUrl(url)
  if (parsed.protocol === 'http:' && !isLoopback(parsed.hostname))
    onWarning?.({
      code: 'PLAINTEXT_TCP',
      message:
        `Depot's API at ${parsed.origin} is called without encryption: tokens and the keys of machines can be read ` +
        'on the way. Give an https URL as apiUrl or DEPOT_API_URL',
    })
  const pool = new ConnectionPool(parsed.origin, (signal) =>
    streamToServer(parsed, { protocols: ['h2', 'http/1.1'], env, identity, signal }),
  )
  return { url: parsed.href.replace(/\/+$/, ''), pool, close: () => pool.close() }
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url !== undefined && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (url !== undefined && plain && /^https?:$/.test(url.protocol)) return url
  throw invalidOption('apiUrl', {
    expected: 'an http or https URL without a user, a password or a query',
    received: typeof text === 'string' ? redactUrls(text).replace(/[?#].*$/s, '?***') : text,
  })
}

/**
 * Depot's services as one token may call them. What a call throws is a BuildkitError: UNAUTHENTICATED,
 * PERMISSION_DENIED, NOT_FOUND, RESOURCE_EXHAUSTED, INVALID_OPTION, UNREACHABLE, TLS_FAILED, TIMEOUT, CANCELLED or API_FAILED.
 */
export class DepotApi {
  readonly organizations: Client<typeof OrganizationService>
  readonly usage: Client<typeof UsageService>
  readonly projects: Client<typeof ProjectService>
  readonly pastBuilds: Client<typeof PastBuildService>
  readonly builds: Client<typeof BuildService>
  readonly images: Client<typeof RegistryService>
  readonly machines: Client<typeof BuildKitService>
  /** What Depot's own clients call. */
  readonly cli: Client<typeof CliBuildService>

  /**
   * `userAgent` is a product and its version, such as `buildkit-client/1.0`; `orgId` the organization that is meant, of
   * the several that a token may see.
   */
  constructor({ url, pool }: ApiChannel, tokens: TokenSource, userAgent: string, orgId?: string) {
    const transport = apiTransport({ url, pool, tokens, userAgent, orgId })
    const client = <T extends DescService>(service: T) => createClient(service, transport)
    this.organizations = client(OrganizationService)
    this.usage = client(UsageService)
    this.projects = client(ProjectService)
    this.pastBuilds = client(PastBuildService)
    this.builds = client(BuildService)
    this.images = client(RegistryService)
    this.machines = client(BuildKitService)
    this.cli = client(CliBuildService)
  }
}
