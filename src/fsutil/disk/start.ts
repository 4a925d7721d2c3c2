import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { BuildkitError, messageOf } from '../../base/errors.ts'

/** Starts `disk-thread.ts` as a thread, which counts its calls in the given memory. */
export function startThread(calls: SharedArrayBuffer): Worker {
  return new Worker(program, {
    name: 'buildkit-client disk',
    workerData: calls,
    // What the program preloads has no business in this thread.
    execArgv: loader,
    // A file is opened in one thread and may be closed in another.
    trackUnmanagedFds: false,
    // Almost all it makes is gone at once or handed over: more room would only be used up before it is cleaned.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
}

/** Starts the same as a process. */
export function startProcess(): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env
  return fork(fileURLToPath(program), {
    execArgv: loader,
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
}

/** The error for work whose thread or process is there no more. */
export function diskFailed(cause: unknown): BuildkitError {
  return new BuildkitError('CONTEXT_FAILED', `the thread that reads files has failed: ${messageOf(cause)}`, {
    advice: 'If this package has been bundled, leave it out of the bundle',
    cause,
  })
}

const isSource = import.meta.url.endsWith('.ts')
const program = new URL(`./disk-thread.${isSource ? 'ts' : 'js'}`, import.meta.url)

/** For our own tests, which run the sources: Node 20 does not hand the loader of TypeScript to its threads. */
const loader = isSource
  ? [
      '--import',
      `data:text/javascript,import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register()`,
    ]
  : []
