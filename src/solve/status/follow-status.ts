import { deadline } from '../../base/deadline.ts'
import { deferred } from '../../base/deferred.ts'
import { isBuildkitError } from '../../base/errors.ts'
import { onAbort } from '../../base/on-abort.ts'
import { unlessAborted } from '../../base/unless-aborted.ts'
import { moby } from '../../gen/buildkit.js'
import type { RpcClient } from '../../grpc/client.ts'
import { Code, RpcError } from '../../grpc/status.ts'
import { decodeStatus } from './decode-status.ts'
import type { SolveStatus } from './status.ts'

const method = '/moby.buildkit.v1.Control/Status'

/**
 * Once Solve has been answered, the status stream may stay silent this long before it is given up
 * (moby/buildkit `client/solve.go`). The last messages of a failed build arrive within it.
 */
const silenceMs = 5_000
/** The same where Solve has failed and no status has ever come: most likely the daemon has refused the build. */
const refusedSilenceMs = 500
/** A stream that never falls silent may go on this long after the answer; after a cancellation, {@link silenceMs}. */
const maxEndMs = 60_000
/** Between two questions for a build that the daemon does not know yet; doubled each time up to the maximum. */
const firstPauseMs = 100
const maxPauseMs = 5_000

/** How Solve has ended. */
export type SolveOutcome = 'succeeded' | 'failed' | 'cancelled'

/** The status stream of a build, being read. */
export interface StatusFollowing {
  /** Settles when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>
  /**
   * Settles when the stream has ended or been given up: Solve is over, little more is to come. Sooner once the signal
   * aborts, as for a build that was cancelled.
   */
  end(outcome: SolveOutcome, signal?: AbortSignal): Promise<void>
  /** Gives the stream up at once. */
  stop(): Promise<void>
}

export interface StatusFollowingOptions {
  /** The build's id at the daemon. */
  readonly ref: string
  /** Gets each message decoded and encoded; what it returns is awaited before the next one is read. */
  readonly onStatus: (status: SolveStatus, message: Buffer) => Promise<void> | undefined
  /** Called when the end has come and {@link onStatus} may make the rest wait: it should settle soon. */
  readonly onImpatience: () => void
  /** Gets what makes the build fail: a message that is malformed. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Reads the status of a build until the stream ends. One that the daemon ends early costs the build its status, not its
 * result. A daemon that does not know the build yet (its request is still on the way) is asked again.
 */
export function followStatus(rpc: RpcClient, options: StatusFollowingOptions): StatusFollowing {
  return new Follower(rpc, options)
}

class Follower implements StatusFollowing {
  readonly ended: Promise<void>
  readonly #rpc: RpcClient
  readonly #options: StatusFollowingOptions
  readonly #stop = new AbortController()
  readonly #solved = deferred()
  #isSolved = false
  #hasCome = false
  #isAwaitingRoom = false
  #silence: NodeJS.Timeout | undefined
  #limit: NodeJS.Timeout | undefined

  constructor(rpc: RpcClient, options: StatusFollowingOptions) {
    this.#rpc = rpc
    this.#options = options
    this.ended = this.#follow().catch((error) => {
      if (!endsStatusOnly(error)) options.onFailure(error)
    })
  }

  async end(outcome: SolveOutcome, signal?: AbortSignal): Promise<void> {
    this.#isSolved = true
    this.#solved.resolve()
    if (outcome === 'cancelled') this.#hurry()
    else {
      const isRefusal = outcome === 'failed' && !this.#hasCome
      this.#listenFor(isRefusal ? refusedSilenceMs : silenceMs)
      this.#limit = setTimeout(() => this.#hurry(), maxEndMs)
    }
    using _ = onAbort(outcome === 'cancelled' ? undefined : signal, () => this.#hurry())
    await this.ended
    clearTimeout(this.#silence)
    clearTimeout(this.#limit)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#options.onImpatience()
    await this.ended
  }

  async #follow(): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      const isLast = this.#isSolved
      try {
        return await this.#read()
      } catch (error) {
        if (this.#hasCome || isLast || !isUnknownBuild(error)) throw error
      }
      await this.#pause(pauseMs)
      if (this.#stop.signal.aborted) return
    }
  }

  async #read(): Promise<void> {
    const request = moby.buildkit.v1.StatusRequest.encode({ Ref: this.#options.ref }).finish()
    const call = this.#rpc.serverStream(method, request, { signal: this.#stop.signal })
    for await (const message of call.messages) {
      this.#hasCome = true
      if (this.#silence !== undefined) this.#listenFor(silenceMs)
      const room = this.#options.onStatus(decodeStatus(message), message)
      if (room !== undefined) await this.#awaitRoom(room)
    }
  }

  async #awaitRoom(room: Promise<void>): Promise<void> {
    this.#isAwaitingRoom = true
    await room
    this.#isAwaitingRoom = false
    this.#silence?.refresh()
  }

  /** Gives the stream up unless something comes in so many milliseconds; while we are not listening, it cannot. */
  #listenFor(ms: number): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      if (this.#isAwaitingRoom) this.#options.onImpatience()
      else this.#stop.abort()
    }, ms)
  }

  /** Takes what comes in a last few seconds. */
  #hurry(): void {
    this.#options.onImpatience()
    clearTimeout(this.#limit)
    this.#limit = setTimeout(() => this.#stop.abort(), silenceMs)
  }

  /** Ends early when Solve is over: then a question is worth asking once more, and only once. */
  async #pause(ms: number): Promise<void> {
    using pause = deadline(ms, this.#stop.signal)
    await unlessAborted(this.#solved.promise, pause.signal).catch(() => {})
  }
}

function isUnknownBuild(error: unknown): boolean {
  return error instanceof RpcError && error.grpcCode === Code.NotFound
}

/** What ends the whole connection ends Solve too, which tells it better. */
function endsStatusOnly(error: unknown): boolean {
  return error instanceof RpcError || (isBuildkitError(error) && error.code === 'CONNECTION_LOST')
}
