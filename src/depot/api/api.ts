import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type Client, createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { invalidOption } from '../../base/errors.ts'
import { redactUrls } from '../../base/redact.ts'
import { BuildService, RegistryService } from '../../gen/depot/build_pb.js'
import { BuildKitService } from '../../gen/depot/buildkit_pb.js'
import { BuildService as CliBuildService } from '../../gen/depot/cli_pb.js'
import { OrganizationService } from '../../gen/depot/core_org_pb.js'
import { BuildService as PastBuildService, ProjectService } from '../../gen/depot/core_pb.js'
import { UsageService } from '../../gen/depot/core_usage_pb.js'
import { type ApiCall, apiError } from './api-error.ts'
import type { TokenSource } from './token-source.ts'

/** Where Depot answers, unless an option or `DEPOT_API_URL` says otherwise (Depot's own clients). */
export const defaultApiUrl = 'https://api.depot.dev'

/** A reply larger than this is refused: no message of this API comes near it. */
const maxReplyBytes = 4 << 20

/** A connection that carries calls is asked for a sign of life so often; unanswered, it is given up after 15 s. */
const pingIntervalMs = 30_000

/** One connection to Depot, over which many tokens may call. */
export interface ApiChannel {
  /** The base URL, for messages. */
  readonly url: string
  readonly sessions: Http2SessionManager
}

/**
 * A channel to Depot's API: HTTP/2 over TLS, or in clear for an `http:` URL, which a local stand-in has. It connects
 * with the first call and keeps no process alive. Throws INVALID_OPTION for what is no http or https URL.
 */
export function openApi(url: string): ApiChannel {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalidOption('apiUrl', { expected: 'an http or https URL', received: redactUrls(url) })
  const base = url.replace(/\/+$/, '')
  return { url: base, sessions: new Http2SessionManager(base, { pingIntervalMs }) }
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
  constructor(channel: ApiChannel, token: TokenSource, userAgent: string, orgId?: string) {
    const used: UsedToken = { token: undefined }
    const transport = createConnectTransport({
      baseUrl: channel.url,
      httpVersion: '2',
      sessionManager: channel.sessions,
      readMaxBytes: maxReplyBytes,
      interceptors: [headers(token, userAgent, orgId, used)],
    })
    const calls = withTypedErrors(transport, channel, used)
    const client = <T extends DescService>(service: T) => createClient(service, calls)
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

/** The last token that was shown: what must not stand in an error. */
interface UsedToken {
  token: string | undefined
}

function headers(
  token: TokenSource,
  userAgent: string,
  orgId: string | undefined,
  used: UsedToken,
): Interceptor {
  return (next) => async (request) => {
    used.token = await token(request.signal)
    request.header.set('authorization', `Bearer ${used.token}`)
    request.header.set('user-agent', userAgent)
    // depot/cli `pkg/api/rpc.go`
    if (orgId !== undefined) request.header.set('x-depot-org', orgId)
    return await next(request)
  }
}

/**
 * Around the transport, not an interceptor in it: whatever an interceptor throws becomes a ConnectError. A stream
 * of replies throws on the way as well.
 */
function withTypedErrors(transport: Transport, channel: ApiChannel, used: UsedToken): Transport {
  const { url } = channel
  return {
    async unary(method, signal, ...rest) {
      const began = performance.now()
      try {
        return await transport.unary(method, signal, ...rest)
      } catch (error) {
        dialAnew(channel, began)
        throw apiError(error, { method: nameOf(method), url, signal, ...used })
      }
    },
    async stream(method, signal, ...rest) {
      const began = performance.now()
      const call = { method: nameOf(method), url, signal }
      try {
        const response = await transport.stream(method, signal, ...rest)
        return { ...response, message: messagesOf(response.message, call, used) }
      } catch (error) {
        dialAnew(channel, began)
        throw apiError(error, { ...call, ...used })
      }
    },
  }
}

/** A connection that takes longer to come about will not: the library waits for it as long as it may take. */
const connectTimeoutMs = 5_000

/** Gives up a connection on which a call has waited in vain, so that the next call does not wait for it too. */
function dialAnew({ sessions }: ApiChannel, began: number): void {
  if (performance.now() - began > connectTimeoutMs && sessions.state() === 'connecting') sessions.abort()
}

async function* messagesOf<T>(messages: AsyncIterable<T>, call: ApiCall, used: UsedToken): AsyncGenerator<T> {
  try {
    yield* messages
  } catch (error) {
    throw apiError(error, { ...call, ...used })
  }
}

function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`
}
