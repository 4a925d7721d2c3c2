import { parentPort } from 'node:worker_threads'
import type { Beginnings, Listing } from './disk.ts'
import { closeFile, list, names, openRoot, readBeginnings, readLink, readOn } from './disk.ts'
import type { Reply, Request } from './disk-threads.ts'
import { systemErrorOf } from './system-error.ts'

/** The calls of `disk.ts` that other threads can make. */
const calls = { openRoot, list, names, readLink, readBeginnings, readOn, closeFile }
export type Calls = typeof calls

// Answers them one after the other.
parentPort!.on('message', ({ id, name, args }: Request) => {
  const start = performance.now()
  const reply = (rest: Pick<Reply, 'result' | 'error'>, transfer: ArrayBuffer[] = []) =>
    parentPort!.postMessage({ id, milliseconds: performance.now() - start, ...rest }, transfer)
  try {
    const result = (calls[name] as (...args: unknown[]) => unknown)(...args)
    reply({ result }, buffersOf(result))
  } catch (error) {
    reply({ error: systemErrorOf(error) })
  }
})

/** Memory that changes hands instead of being copied. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (result instanceof Uint8Array) return [result.buffer as ArrayBuffer]
  const { bytes, stats } = (result ?? {}) as Partial<Beginnings & Listing>
  return [bytes, stats].flatMap((view) => (view === undefined ? [] : [view.buffer]))
}
