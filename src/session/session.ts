import type { Duplex } from 'node:stream'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { newId } from '../base/id.ts'
import { type Server, serve } from '../grpc/server.ts'
import { health } from './health.ts'
import type { Services } from './services.ts'

/** The names of the headers that introduce a session (moby/buildkit `session/session.go`). */
const headerNames = {
  id: 'x-docker-expose-session-uuid',
  sharedKey: 'x-docker-expose-session-sharedkey',
  method: 'x-docker-expose-session-grpc-method',
}

export interface SessionOptions {
  /** 25 characters of `[0-9a-z]`, by which a solve names its session. A new one by default. */
  readonly id?: string
  /** What the daemon may use, beside health. */
  readonly services: Services
  /** Methods that services may still be added for: what is not announced at the beginning is never called. */
  readonly announced?: readonly string[]
  /**
   * Names the daemon's copy of the local directories: with the same key the next build transfers only what
   * has changed, with another it starts anew. Empty by default.
   */
  readonly sharedKey?: string
}

/** The headers that introduce a session; a list is sent as one header line per entry. */
export type SessionHeaders = Readonly<Record<string, string | readonly string[]>>

/** Opens the byte stream on which the daemon calls us, given the headers that say what we serve. */
export type Tunnel = (headers: SessionHeaders) => Promise<Duplex> | Duplex

/**
 * What we serve to the daemon for the length of a build: a gRPC server inside the client, over a tunnel that
 * we have opened. It serves exactly the methods of its services, and health.
 */
export class Session {
  readonly id: string
  readonly #services: Services
  readonly #announced: readonly string[]
  readonly #sharedKey: string
  #server: Server | undefined
  #closed = false

  constructor(options: SessionOptions) {
    this.id = options.id ?? newId()
    this.#services = options.services
    this.#announced = options.announced ?? []
    this.#sharedKey = options.sharedKey ?? ''
    this.#services.add([{ source: 'session', attachable: health }])
  }

  /** The headers that introduce this session: one value per method, never joined. */
  get headers(): SessionHeaders {
    return {
      [headerNames.id]: this.id,
      [headerNames.sharedKey]: this.#sharedKey,
      [headerNames.method]: [
        ...new Set([...Object.keys(health.methods), ...this.#services.methods, ...this.#announced]),
      ],
    }
  }

  /**
   * Opens the tunnel and serves until {@link close}, which is a normal end; any other end throws SESSION_LOST, or the
   * CONNECTION_LOST of the connection that carried it.
   * Settles when the handlers that were cut have cleaned up behind them.
   */
  async run(tunnel: Tunnel): Promise<void> {
    const duplex = await tunnel(this.headers)
    if (this.#closed) {
      duplex.destroy()
      return
    }
    this.#server = serve(duplex, {
      handlerOf: (method) => this.#services.handlerOf(method),
      // The services know better what a call was for.
      onHandlerError: () => {},
    })
    const failure = await this.#server.closed
    await this.#server.close()
    duplex.destroy()
    if (!this.#closed) throw lost(failure)
  }

  /** Ends the session: open calls are cut, {@link run} returns. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    void this.#server?.close()
  }
}

function lost(cause: Error | undefined): BuildkitError {
  if (isBuildkitError(cause) && cause.code === 'CONNECTION_LOST') return cause
  return new BuildkitError('SESSION_LOST', 'the daemon has ended the session before the build was over', {
    ...(cause === undefined ? {} : { received: messageOf(cause) }),
    cause,
    advice: "See the daemon's log; a session also ends when this process cannot answer for half a minute",
  })
}
