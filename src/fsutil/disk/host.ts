import type { Job, JobName, JobResult } from './jobs.ts'

/** Where jobs are done. */
export interface Host {
  /** How many jobs of one transfer it can do at a time. */
  readonly jobsAtOnce: number
  /** Does a job. Throws the system's error, CONTEXT_FAILED, or the signal's reason as soon as that aborts; what is open then is closed. */
  run<Name extends JobName>(job: Job<Name>, signal: AbortSignal): Promise<JobResult[Name]>
  /** Closes files that no job is at work on, whatever the signal says. */
  close(tree: number, fds: readonly number[]): void
  /** Of a transfer that is over: nothing more comes of it. */
  end(tree: number): void
}

/** A call that is underway for longer has waited for the disk, or a network. */
export const lateMilliseconds = 50
