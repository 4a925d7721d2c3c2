import type { Duplex } from 'node:stream'
import { newId } from '../base/id.ts'
import type { LocalDir } from '../session/files/file-sync.ts'
import type { HandlerError } from '../session/handler-errors.ts'
import { type Contribution, Services } from '../session/services.ts'
import { Session, type SessionHeaders } from '../session/session.ts'
import { sessionTunnel } from '../session/tunnel.ts'
import type { Connection } from '../transport/connection.ts'

/** The session of one build: its own, or its share of one that several builds have. */
export interface SessionLease extends AsyncDisposable {
  /** By which Solve names the session. */
  readonly sessionId: string
  /** Headers of the call of Solve, by which the daemon's calls are told apart. */
  readonly metadata: Readonly<Record<string, string>>
  /** Directories that the session serves anyway, by name. */
  readonly localDirs: Readonly<Record<string, LocalDir>>
  /** What tells a frontend where these are served, if not in the build's session. */
  frontendAttrs(contributions: readonly Contribution[]): Record<string, string>
  /** Serves what the build contributes until the lease ends. Throws INVALID_OPTION for a key that is taken. */
  serve(contributions: readonly Contribution[], options: ServeOptions): void
  /** What handlers have failed with in calls for this build, or for all. */
  readonly handlerErrors: readonly HandlerError[]
}

export interface ServeOptions {
  /** Names the daemon's copy of the local directories. */
  readonly sharedKey: string
  /** True for a build by a frontend, false for one of a definition. */
  readonly isFrontend: boolean
  /** Called when the session ends before the lease. */
  readonly onLost: (error: unknown) => void
}

const sessionMethod = '/moby.buildkit.v1.Control/Session'

/** The session travels on the connection itself, also to a Docker Engine: one monitor answers for all of it. */
export function tunnelOn({ rpc }: Connection): (headers: SessionHeaders) => Duplex {
  return (headers) => sessionTunnel(rpc.open(sessionMethod, { metadata: headers }))
}

/** A session for one build. */
export class OwnSession implements SessionLease {
  readonly sessionId = newId()
  readonly metadata = {}
  readonly localDirs = {}
  readonly #connection: Connection
  readonly #services = new Services()
  #session: Session | undefined
  #serving: Promise<void> = Promise.resolve()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  frontendAttrs(): Record<string, string> {
    return {}
  }

  serve(
    contributions: readonly Contribution[],
    { sharedKey, onLost }: Pick<ServeOptions, 'sharedKey' | 'onLost'>,
  ): void {
    this.#services.add(contributions)
    this.#session = new Session({ id: this.sessionId, services: this.#services, sharedKey })
    this.#serving = this.#session.run(tunnelOn(this.#connection)).catch(onLost)
  }

  get handlerErrors(): readonly HandlerError[] {
    return this.#services.errorsOf()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.close()
    await this.#serving
  }
}
