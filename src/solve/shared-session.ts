import { randomBytes } from 'node:crypto'
import { BuildkitError, invalidOption } from '../base/errors.ts'
import { newId } from '../base/id.ts'
import type { OnWarning } from '../base/warning.ts'
import type { Attachable } from '../session/attachable.ts'
import { fileSync, type LocalDir } from '../session/files/file-sync.ts'
import type { HandlerError } from '../session/handler-errors.ts'
import { type Contribution, Services } from '../session/services.ts'
import { Session } from '../session/session.ts'
import type { Connection } from '../transport/connection.ts'
import { OwnSession, type ServeOptions, type SessionLease, tunnelOn } from './session-lease.ts'

export interface SharedSessionOptions {
  /** Directories for all builds, by name. The daemon transfers each once, whatever the number of builds. */
  readonly localDirs?: Readonly<Record<string, LocalDir>>
  /** Attachables for all builds. */
  readonly session?: readonly Attachable[]
  /** Names the daemon's copy of the directories. Empty by default. */
  readonly sharedKey?: string
  readonly onWarning?: OnWarning | undefined
}

const syncMethod = '/moby.filesync.v1.FileSync/DiffCopy'
const sendMethod = '/moby.filesync.v1.FileSend/DiffCopy'

/**
 * A session for several builds on one connection, at once or one after the other. Each takes a {@link lease}.
 *
 * To the daemon an export is a number, the same for each build's first one (moby/buildkit `control/control.go`), so what
 * a build receives is known by its trace context, which the daemon passes on from Solve to the calls that it makes for it.
 * A directory is known to it by session and name, and kept for all builds of the session: what a single build reads has a
 * session of its own beside this one, to which the frontend is sent for it.
 */
export class SharedSession implements AsyncDisposable {
  readonly id = newId()
  /** @internal Of leases. */
  readonly connection: Connection
  /** @internal Of leases. */
  readonly services: Services
  /** @internal Of leases. */
  readonly localDirs: Readonly<Record<string, LocalDir>>
  readonly #session: Session
  readonly #serving: Promise<void>
  readonly #methods: ReadonlySet<string>
  readonly #leases = new Set<Lease>()
  #lost: { readonly error: unknown } | undefined

  constructor(connection: Connection, options: SharedSessionOptions = {}) {
    const { localDirs = {}, session = [], sharedKey = '', onWarning } = options
    this.connection = connection
    this.localDirs = localDirs
    this.services = new Services([
      ...dirsOf(localDirs, onWarning),
      ...session.map((attachable, index) => ({ source: `session[${index}] of the session`, attachable })),
    ])
    // BuildKit asks for no method that was not announced at the beginning.
    this.#methods = new Set([...this.services.methods, sendMethod])
    this.#session = new Session({
      id: this.id,
      services: this.services,
      sharedKey,
      announced: [...this.#methods],
    })
    // Trace contexts are passed on in a session that has come with one.
    const tunnel = tunnelOn(connection)
    this.#serving = this.#session.run((headers) => tunnel({ ...headers, ...traceparent(newTrace()) }))
    this.#serving.catch((error) => this.#end(error))
  }

  /** For one build. */
  lease(): SessionLease {
    return new Lease(this)
  }

  /** Ends the session; the builds that still use it lose it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.close()
    this.#end(new BuildkitError('CLOSED', 'the session was closed before the build was over'))
    await this.#serving.catch(() => {})
  }

  /** @internal Of a lease. */
  enter(lease: Lease, contributions: readonly Contribution[]): Disposable {
    for (const { source, attachable } of contributions)
      for (const method of Object.keys(attachable.methods))
        if (!this.#methods.has(method)) throw notAnnounced(source, method)
    const added = this.services.add(contributions, lease.trace)
    this.#leases.add(lease)
    if (this.#lost !== undefined) lease.lose(this.#lost.error)
    return {
      [Symbol.dispose]: () => {
        this.#leases.delete(lease)
        added[Symbol.dispose]()
      },
    }
  }

  #end(error: unknown): void {
    this.#lost ??= { error }
    for (const lease of this.#leases) lease.lose(error)
  }
}

class Lease implements SessionLease {
  readonly trace = newTrace()
  readonly metadata = traceparent(this.trace)
  readonly #shared: SharedSession
  /** For the directories that only this build reads. */
  readonly #dirs: OwnSession
  #onLost: ((error: unknown) => void) | undefined
  #entry: Disposable | undefined
  #errors: readonly HandlerError[] = []

  constructor(shared: SharedSession) {
    this.#shared = shared
    this.#dirs = new OwnSession(shared.connection)
  }

  get sessionId(): string {
    return this.#shared.id
  }

  get localDirs(): Readonly<Record<string, LocalDir>> {
    return this.#shared.localDirs
  }

  /** moby/buildkit `frontend/dockerui/config.go` */
  frontendAttrs(contributions: readonly Contribution[]): Record<string, string> {
    const names = contributions.filter(readsDirs).flatMap(({ attachable }) => attachable.keys ?? [])
    return Object.fromEntries(names.map((name) => [`local-sessionid:${name}`, this.#dirs.sessionId]))
  }

  serve(contributions: readonly Contribution[], options: ServeOptions): void {
    const own = contributions.filter(readsDirs)
    for (const contribution of own) this.#checkDirs(contribution, options.isFrontend)
    this.#onLost = options.onLost
    this.#entry = this.#shared.enter(
      this,
      contributions.filter((contribution) => !readsDirs(contribution)),
    )
    if (own.length > 0) this.#dirs.serve(own, options)
  }

  lose(error: unknown): void {
    this.#onLost?.(error)
  }

  get handlerErrors(): readonly HandlerError[] {
    if (this.#entry === undefined) return this.#errors
    return [...this.#dirs.handlerErrors, ...this.#shared.services.errorsOf(this.trace)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#errors = this.handlerErrors
    this.#entry?.[Symbol.dispose]()
    this.#entry = undefined
    await this.#dirs[Symbol.asyncDispose]()
  }

  #checkDirs({ source, attachable: { keys, methods } }: Contribution, isFrontend: boolean): void {
    const others = Object.keys(methods).filter((method) => method !== syncMethod)
    if (isFrontend && keys !== undefined && others.length === 0) return
    throw invalidOption(source, {
      expected: 'directories for a frontend, by keys and apart from other methods, in a shared session',
      received: isFrontend ? (others[0] ?? keys) : 'a definition',
      advice: 'Give it to the shared session',
    })
  }
}

function dirsOf(
  localDirs: Readonly<Record<string, LocalDir>>,
  onWarning: OnWarning | undefined,
): Contribution[] {
  if (Object.keys(localDirs).length === 0) return []
  return [{ source: 'localDirs of the session', attachable: fileSync(localDirs, { onWarning }) }]
}

function readsDirs({ attachable }: Contribution): boolean {
  return Object.hasOwn(attachable.methods, syncMethod)
}

/** 16 random bytes in hex digits (W3C Trace Context). */
function newTrace(): string {
  return randomBytes(16).toString('hex')
}

/** Sampled, as the traces are that BuildKit begins itself: its history keeps them. */
function traceparent(trace: string): Record<string, string> {
  return { traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01` }
}

function notAnnounced(source: string, method: string): BuildkitError {
  return invalidOption(source, {
    expected: 'methods that the shared session was opened with',
    received: method,
    advice: 'Give it to the shared session',
  })
}
