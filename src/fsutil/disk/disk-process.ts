import type { ChildProcess } from 'node:child_process'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { unlessAborted } from '../../base/unless-aborted.ts'
import type { Reply, Request } from './disk-thread.ts'
import type { Host } from './host.ts'
import { errorOfFailure, type Job, type JobName, type JobResult, withoutMemory } from './jobs.ts'
import { diskFailed, startProcess } from './start.ts'

/** A process without a transfer is kept for the next one of the build, and not much longer. */
const idleMilliseconds = 10_000

/** A process for one transfer: another that is there already, or a new one. */
export function diskProcess(): Host {
  return idle.pop() ?? new DiskProcess()
}

const idle: DiskProcess[] = []

/**
 * Does the jobs of one transfer in a process of its own. A call to a disk that hangs cannot be taken back, and a process
 * with a thread in such a call cannot end: so it must be another process than the user's. Killed, it ends when the
 * disk lets it.
 */
class DiskProcess implements Host {
  readonly jobsAtOnce = 4
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Deferred<unknown>>()
  #lastId = 0
  #knownTree = 0
  #closing: NodeJS.Timeout | undefined
  #failure: unknown

  constructor() {
    this.#child = startProcess()
    this.#child.on('message', (reply: Reply) => this.#settle(reply))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('exit', () => this.#fail(new Error('it has ended')))
    this.#setActive(false)
  }

  async run<Name extends JobName>(job: Job<Name>, signal: AbortSignal): Promise<JobResult[Name]> {
    clearTimeout(this.#closing)
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw diskFailed(this.#failure)
    const id = ++this.#lastId
    const outcome = deferred<unknown>()
    this.#waiting.set(id, outcome)
    this.#setActive(true)
    const isKnown = this.#knownTree === job.tree
    if (job.name === 'list') this.#knownTree = job.tree
    const sent = withoutMemory(isKnown ? { ...job, patterns: undefined } : job)
    this.#child.send({ id, job: sent } satisfies Request)
    return (await unlessAborted(outcome.promise, signal)) as JobResult[Name]
  }

  close(tree: number, fds: readonly number[]): void {
    if (this.#failure === undefined)
      this.#child.send({ id: 0, job: { name: 'close', args: [fds], tree } } satisfies Request)
  }

  end(tree: number): void {
    if (this.#waiting.size > 0 || this.#failure !== undefined) {
      this.#kill()
      return
    }
    this.#child.send({ forget: tree } satisfies Request)
    idle.push(this)
    this.#closing = setTimeout(() => this.#kill(), idleMilliseconds).unref()
  }

  #settle({ id, outcome }: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#setActive(false)
    if ('failure' in outcome) waiting?.reject(errorOfFailure(outcome.failure))
    else waiting?.resolve(outcome.result)
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#setActive(false)
    remove(this)
    for (const { reject } of waiting) reject(diskFailed(cause))
  }

  #kill(): void {
    this.#child.kill('SIGKILL')
    // The kernel may take until the disk answers; that is not waited for.
    if (this.#child.connected) this.#child.disconnect()
    this.#fail(new Error('it has been ended'))
  }

  /** Only work keeps the user's process alive. */
  #setActive(isActive: boolean): void {
    for (const handle of [this.#child, this.#child.channel]) {
      if (isActive) handle?.ref()
      else handle?.unref()
    }
  }
}

function remove(process: DiskProcess): void {
  const index = idle.indexOf(process)
  if (index >= 0) idle.splice(index, 1)
}
