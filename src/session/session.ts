import type { Duplex } from 'node:stream'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import { newId } from '../base/id.ts'
import { type Handler, type Server, serve } from '../grpc/server.ts'
import type { Attachable } from './attachable.ts'
import { health } from './health.ts'

/** The names of the headers that introduce a session (moby/buildkit `session/session.go`). */
const headerNames = {
  id: 'x-docker-expose-session-uuid',
  sharedKey: 'x-docker-expose-session-sharedkey',
  method: 'x-docker-expose-session-grpc-method',
}

export interface SessionOptions {
  /** What the daemon may use. Two attachables must not serve the same method. */
  readonly attachables: readonly Attachable[]
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
 * we have opened. It serves exactly the methods of its attachables, and health.
 */
export class Session {
  /** 25 characters of `[0-9a-z]`; a solve names its session by it. */
  readonly id = newId()
  readonly #handlers = new Map<string, Handler>()
  readonly #sharedKey: string
  #server: Server | undefined
  #closed = false
  #handlerError: unknown

  constructor(options: SessionOptions) {
    this.#sharedKey = options.sharedKey ?? ''
    for (const attachable of [health, ...options.attachables]) this.#serve(attachable)
  }

  /** The headers that introduce this session: one value per method, never joined. */
  get headers(): SessionHeaders {
    return {
      [headerNames.id]: this.id,
      [headerNames.sharedKey]: this.#sharedKey,
      [headerNames.method]: [...this.#handlers.keys()],
    }
  }

  /**
   * The first error that a handler of ours has given the daemon: maybe the cause behind what the daemon reports.
   * A BuildkitError counts before a mere status, with which handlers also say that something is not there.
   */
  get handlerError(): unknown {
    return this.#handlerError
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
      handlerOf: (method) => this.#handlers.get(method),
      onHandlerError: (_method, error) => {
        if (
          !isBuildkitError(this.#handlerError) &&
          (isBuildkitError(error) || this.#handlerError === undefined)
        ) {
          this.#handlerError = error
        }
      },
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

  #serve(attachable: Attachable): void {
    for (const [method, handler] of Object.entries(attachable.methods)) {
      if (this.#handlers.has(method)) {
        throw new BuildkitError('INVALID_OPTION', `option session serves ${method} twice`, {
          subject: 'session',
          expected: 'one attachable per method',
          received: 'two of the same kind',
        })
      }
      this.#handlers.set(method, handler)
    }
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
