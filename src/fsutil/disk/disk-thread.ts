import { parentPort } from 'node:worker_threads'
import type { Beginnings, Listing } from './disk.ts'
import { calls, type Reply, type Request } from './disk-calls.ts'
import { systemErrorOf } from './system-error.ts'

// A thread that makes the calls of `disk.ts` for others, one after the other.
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
