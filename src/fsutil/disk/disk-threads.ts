import { Worker } from 'node:worker_threads'
import { BuildkitError, messageOf } from '../../base/errors.ts'
import type { Calls, Reply, Request } from './disk-calls.ts'
import { errorOf } from './system-error.ts'

/** A call that takes longer has waited for the disk, or a network. */
const slowMilliseconds = 50

/** After so long in such calls one more thread is started: waiting is done faster side by side. */
const slowMillisecondsPerThread = 500

const maxThreads = 4

/** Threads without work are kept for the next transfer of the build, and not much longer. */
const idleMilliseconds = 10_000

/**
 * Makes a call of `disk.ts` in another thread, and rejects with an error that has the system's `code` when it
 * throws. The threads are shared by all transfers of the process; they are started when they are needed, and
 * do not keep the process alive. Throws CONTEXT_FAILED when no thread can be started.
 */
export function onDisk<Name extends keyof Calls>(
  name: Name,
  ...args: Parameters<Calls[Name]>
): Promise<ReturnType<Calls[Name]>> {
  return pool.call(name, args) as Promise<ReturnType<Calls[Name]>>
}

class DiskThreads {
  #threads: DiskThread[] = []
  #slowMilliseconds = 0
  #closing: NodeJS.Timeout | undefined

  async call(name: keyof Calls, args: readonly unknown[]): Promise<unknown> {
    clearTimeout(this.#closing)
    const thread = this.#leastBusy()
    try {
      const { result, error, milliseconds } = await thread.call(name, args)
      if (milliseconds > slowMilliseconds) this.#addSlow(milliseconds)
      if (error !== undefined) throw errorOf(error)
      return result
    } finally {
      if (this.#threads.every(({ calls }) => calls === 0)) this.#closeLater()
    }
  }

  #leastBusy(): DiskThread {
    let least = this.#threads[0] ?? this.#start()
    for (const thread of this.#threads) if (thread.calls < least.calls) least = thread
    return least
  }

  #addSlow(milliseconds: number): void {
    this.#slowMilliseconds += milliseconds
    if (this.#slowMilliseconds < slowMillisecondsPerThread * this.#threads.length) return
    this.#slowMilliseconds = 0
    if (this.#threads.length < maxThreads) this.#start()
  }

  #start(): DiskThread {
    const thread = new DiskThread(() => {
      this.#threads = this.#threads.filter((other) => other !== thread)
    })
    this.#threads.push(thread)
    return thread
  }

  #closeLater(): void {
    this.#closing = setTimeout(() => {
      const idle = this.#threads
      this.#threads = []
      for (const thread of idle) thread.close()
    }, idleMilliseconds).unref()
  }
}

const pool = new DiskThreads()

/** One thread, and the calls that it has not answered yet. */
class DiskThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>()
  #lastId = 0

  /** `onEnd` is told when the thread is there no more. */
  constructor(onEnd: () => void) {
    this.#worker = startWorker()
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => {
      onEnd()
      this.#fail(new Error('it has ended'))
    })
  }

  /** How many calls are underway. */
  get calls(): number {
    return this.#waiting.size
  }

  call(name: keyof Calls, args: readonly unknown[]): Promise<Reply> {
    const id = ++this.#lastId
    if (this.#waiting.size === 0) this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, name, args } satisfies Request)
    })
  }

  close(): void {
    void this.#worker.terminate()
  }

  #settle(reply: Reply): void {
    const call = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    call?.resolve(reply)
  }

  #fail(cause: unknown): void {
    const calls = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of calls) reject(threadFailed(cause))
  }
}

function startWorker(): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  return new Worker(new URL(`./disk-thread.${isSource ? 'ts' : 'js'}`, import.meta.url), {
    name: 'buildkit-client disk',
    // What the program preloads has no business in this thread.
    execArgv: isSource ? sourceLoader() : [],
    // A file is opened in one thread and may be closed in another.
    trackUnmanagedFds: false,
  })
}

/** For our own tests, which run the sources: Node 20 does not hand the loader of TypeScript to its threads. */
function sourceLoader(): string[] {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  return ['--import', `data:text/javascript,import { register } from ${loader}; register()`]
}

function threadFailed(cause: unknown): BuildkitError {
  return new BuildkitError('CONTEXT_FAILED', `the thread that reads files has failed: ${messageOf(cause)}`, {
    advice: 'If this package has been bundled, leave it out of the bundle',
    cause,
  })
}
