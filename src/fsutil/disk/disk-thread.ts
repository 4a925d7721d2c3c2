import { parentPort, workerData } from 'node:worker_threads'
import { failureOf, type Job, memoryOf, type Outcome, Workshop } from './jobs.ts'
import { runAsynchronous, runBlocking } from './system-calls.ts'

/*
 * Does the jobs of other threads, or of another process: this file is started as either. A thread does one job after
 * the other with blocking calls. A process does several at a time, for the sake of disks on which each call takes long.
 */

/** What is asked of a thread or process. */
export type Request = { readonly id: number; readonly job: Job } | { readonly forget: number }

/** What it answers. */
export interface Reply {
  readonly id: number
  readonly outcome: Outcome
}

const workshop = new Workshop()

if (parentPort !== null) serveThread(parentPort)
else if (process.send !== undefined) serveProcess()

function serveThread(port: NonNullable<typeof parentPort>): void {
  const calls = new Uint32Array(workerData as SharedArrayBuffer)
  port.on('message', (request: Request) => {
    if ('forget' in request) return workshop.forget(request.forget)
    const { id, job } = request
    let reply: Reply
    let memory: ArrayBuffer[] = []
    try {
      const result = runBlocking(workshop.procedureOf(job), calls)
      memory = memoryOf(result)
      reply = { id, outcome: { result } }
    } catch (error) {
      reply = { id, outcome: { failure: failureOf(error) } }
    }
    port.postMessage(reply, memory)
  })
}

function serveProcess(): void {
  process.on('message', async (request: Request) => {
    if ('forget' in request) return workshop.forget(request.forget)
    const { id, job } = request
    let reply: Reply
    try {
      reply = { id, outcome: { result: await runAsynchronous(workshop.procedureOf(job)).result } }
    } catch (error) {
      reply = { id, outcome: { failure: failureOf(error) } }
    }
    process.send!(reply)
  })
  process.on('disconnect', () => process.exit())
}
