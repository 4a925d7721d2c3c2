import type { Worker } from 'node:worker_threads'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { unlessAborted } from '../../base/unless-aborted.ts'
import type { Reply, Request } from './disk-thread.ts'
import { type Host, lateMilliseconds } from './host.ts'
import {
  errorOfFailure,
  type Job,
  type JobName,
  type JobResult,
  leftOpen,
  memoryIn,
  type Outcome,
} from './jobs.ts'
import { diskFailed, startThread } from './start.ts'

/** So many threads work side by side on a disk that lets them wait. */
const maxThreads = 4

/** A thread that has been in one call for so long is not counted among them: its disk may never answer. */
const stuckMilliseconds = 1000

/** With those that are stuck. */
const maxThreadsInAll = 16

/** Threads without work are kept for the next transfer of the build, and not much longer. */
const idleMilliseconds = 10_000

/**
 * The threads that all transfers of the process share. A thread has one job at a time and keeps nothing of a transfer, so
 * that a disk that hangs holds up what has been asked of it and nothing else. One is enough for a disk that does not let
 * it wait; another is started when all have been waiting for a while. They do not keep the process alive.
 */
class DiskThreads implements Host {
  readonly jobsAtOnce = 2
  #threads: DiskThread[] = []
  #queue: Task[] = []
  #timer: NodeJS.Timeout | undefined

  async run<Name extends JobName>(job: Job<Name>, signal: AbortSignal): Promise<JobResult[Name]> {
    const task: Task = { job, signal, outcome: deferred() }
    this.#queue.push(task)
    this.#dispatch()
    try {
      return (await unlessAborted(task.outcome.promise, signal)) as JobResult[Name]
    } finally {
      if (signal.aborted) this.#abandon(task)
    }
  }

  end(tree: number): void {
    for (const thread of this.#threads) thread.forget(tree)
  }

  close(tree: number, fds: readonly number[]): void {
    if (fds.length === 0) return
    const job: Job<'close'> = { name: 'close', args: [fds], tree }
    this.#queue.push({ job, signal: new AbortController().signal, outcome: deferred() })
    this.#dispatch()
  }

  #dispatch(): void {
    clearTimeout(this.#timer)
    while (this.#queue.length > 0) {
      const thread = this.#threads.find(({ task }) => task === undefined) ?? this.#another()
      if (thread === undefined) break
      thread.start(this.#next())
    }
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#dispatch(), this.#nextLook())
    else if (this.#threads.length > 0)
      this.#timer = setTimeout(() => this.#closeIdle(), idleMilliseconds).unref()
  }

  /** Of the transfer that has the fewest jobs underway: those of one that hangs do not take all threads. */
  #next(): Task {
    const underway = (tree: number) => this.#threads.filter(({ task }) => task?.job.tree === tree).length
    let next = 0
    let least = Number.POSITIVE_INFINITY
    for (const [index, { job }] of this.#queue.entries()) {
      const count = underway(job.tree)
      if (count < least) [next, least] = [index, count]
      if (least === 0) break
    }
    return this.#queue.splice(next, 1)[0]!
  }

  /** A new thread, if those that there are wait. */
  #another(): DiskThread | undefined {
    const waits = this.#threads.map((thread) => thread.waits)
    const inTime = waits.some((wait) => wait < lateMilliseconds)
    const working = waits.filter((wait) => wait < stuckMilliseconds).length
    if (inTime || working >= maxThreads || this.#threads.length >= maxThreadsInAll) return undefined
    const thread = new DiskThread({
      onFree: ({ job, signal }, outcome) => {
        if (signal.aborted)
          this.close(job.tree, leftOpen(job, 'result' in outcome ? outcome.result : undefined))
        this.#dispatch()
      },
      onEnd: () => {
        this.#threads = this.#threads.filter((other) => other !== thread)
        this.#dispatch()
      },
    })
    this.#threads.push(thread)
    return thread
  }

  /** Until a thread may have become late or stuck. */
  #nextLook(): number {
    const limits = [lateMilliseconds, stuckMilliseconds]
    const left = this.#threads.flatMap(({ waits }) =>
      limits.map((limit) => limit - waits).filter((ms) => ms > 0),
    )
    return Math.ceil(Math.min(...left, stuckMilliseconds)) + 1
  }

  #abandon(task: Task): void {
    const index = this.#queue.indexOf(task)
    if (index >= 0) {
      this.#queue.splice(index, 1)
      this.close(task.job.tree, leftOpen(task.job, undefined))
    }
    for (const thread of this.#threads) if (thread.task === task) thread.abandon()
  }

  #closeIdle(): void {
    const idle = this.#threads.filter(({ task }) => task === undefined)
    this.#threads = this.#threads.filter(({ task }) => task !== undefined)
    for (const thread of idle) thread.close()
  }
}

export const diskThreads: Host = new DiskThreads()

interface Task {
  readonly job: Job
  readonly signal: AbortSignal
  readonly outcome: Deferred<unknown>
}

/** One thread and the job that it does. */
class DiskThread {
  task: Task | undefined
  readonly #worker: Worker
  readonly #onFree: (task: Task, outcome: Outcome) => void
  readonly #known = new Set<number>()
  readonly #calls = new Uint32Array(new SharedArrayBuffer(4))
  #id = 0
  /** When it was last seen to go on, and its count of calls then. */
  #seen = { at: 0, calls: -1 }

  constructor({ onFree, onEnd }: { onFree: (task: Task, outcome: Outcome) => void; onEnd: () => void }) {
    this.#onFree = onFree
    this.#worker = startThread(this.#calls.buffer)
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    let failure: unknown = new Error('it has ended')
    this.#worker.on('error', (error) => {
      failure = error
    })
    this.#worker.on('exit', () => {
      this.task?.outcome.reject(diskFailed(failure))
      onEnd()
    })
  }

  start(task: Task): void {
    this.task = task
    this.#seen = { at: performance.now(), calls: this.#calls[0]! }
    this.#worker.ref()
    const { tree } = task.job
    const isKnown = this.#known.has(tree)
    if (task.job.name === 'list') this.#known.add(tree)
    const job = isKnown ? { ...task.job, patterns: undefined } : task.job
    this.#worker.postMessage({ id: ++this.#id, job } satisfies Request, memoryIn(job))
  }

  /** For how long it has been seen in one call, in milliseconds. */
  get waits(): number {
    const now = performance.now()
    if (this.#seen.calls !== this.#calls[0]) this.#seen = { at: now, calls: this.#calls[0]! }
    return now - this.#seen.at
  }

  /** Nothing waits for its job any more, the process least of all. */
  abandon(): void {
    this.#worker.unref()
  }

  forget(tree: number): void {
    if (this.#known.delete(tree)) this.#worker.postMessage({ forget: tree } satisfies Request)
  }

  close(): void {
    void this.#worker.terminate()
  }

  #settle({ outcome }: Reply): void {
    const task = this.task!
    this.task = undefined
    this.#worker.unref()
    if ('failure' in outcome) task.outcome.reject(errorOfFailure(outcome.failure))
    else task.outcome.resolve(outcome.result)
    this.#onFree(task, outcome)
  }
}
