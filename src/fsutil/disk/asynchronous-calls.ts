import { deferred } from '../../base/deferred.ts'
import { unlessAborted } from '../../base/unless-aborted.ts'
import { type Host, lateMilliseconds } from './host.ts'
import { type Job, type JobName, type JobResult, leftOpen, Workshop } from './jobs.ts'
import { close } from './read.ts'
import { runAsynchronous } from './system-calls.ts'

/** What a transfer may do here before it counts as large: starting a thread costs as much. */
const mostCalls = 500

/**
 * Half of Node's own threads at most, for all transfers: the other half stays for what else the process does with files
 * and names of hosts, whatever happens to these.
 */
const mostJobs = Math.floor(Number(process.env.UV_THREADPOOL_SIZE ?? 4) / 2)

/** Thrown for a job that is to be done elsewhere: the transfer is large, or its disk lets it wait. */
export const tooMuch = new Error('too much for asynchronous calls')

let jobs = 0

/** Does the jobs of one small transfer with asynchronous calls, without any thread of ours. */
export class AsynchronousCalls implements Host {
  readonly jobsAtOnce = 2
  readonly #workshop = new Workshop()
  #calls = 0

  async run<Name extends JobName>(job: Job<Name>, signal: AbortSignal): Promise<JobResult[Name]> {
    if (jobs >= mostJobs || this.#calls >= mostCalls) throw tooMuch
    const stopped = deferred<never>()
    const late = setTimeout(() => stopped.reject(tooMuch), lateMilliseconds)
    const onCall = () => {
      late.refresh()
      if (++this.#calls > mostCalls) stopped.reject(tooMuch)
    }
    jobs++
    let isAbandoned = false
    const running = runAsynchronous(this.#workshop.procedureOf(job), {
      onCall,
      onEnd: (result) => {
        jobs--
        // A read that goes on elsewhere has its file still open there.
        if (isAbandoned && (signal.aborted || job.name === 'read')) closeFiles(leftOpen(job, result?.value))
      },
    })
    try {
      return (await unlessAborted(Promise.race([running.result, stopped.promise]), signal)) as JobResult[Name]
    } catch (error) {
      isAbandoned = true
      running.abandon()
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  close(_tree: number, fds: readonly number[]): void {
    closeFiles(fds)
  }

  end(): void {}
}

function closeFiles(fds: readonly number[]): void {
  if (fds.length > 0) runAsynchronous(close(fds))
}
