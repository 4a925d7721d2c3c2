import type { Writable } from 'node:stream'
import type { BuildkitError } from '../../base/errors.ts'
import { exportFailed } from '../../fsutil/receive/export-failed.ts'

/**
 * Takes charge of the Writables that are the `output` of these exports, checked or not, until disposed of. One
 * that fails before it is written to is passed on
 * as EXPORT_FAILED: without a listener it would end the process. Those that were not written to are destroyed at the
 * end, with the end of the last owner where there are several: a build on Depot and its solves.
 */
export function ownOutputs(exports: unknown, onFailure: (error: BuildkitError) => void): Disposable {
  const entries: unknown[] = Array.isArray(exports) ? exports : []
  const outputs = entries.map((entry) => (entry as { output?: unknown } | null | undefined)?.output)
  const releases = [...new Set(outputs.filter(isWritable))].map((stream) => own(stream, onFailure))
  return {
    [Symbol.dispose]() {
      for (const release of releases) release()
    },
  }
}

/** Notes that a Writable is being written to from now on. Throws EXPORT_FAILED for one that was before. */
export function useOutput(stream: Writable): void {
  if (used.has(stream)) throw exportFailed('the output', new Error('this stream has been written to already'))
  used.add(stream)
}

const used = new WeakSet<Writable>()
const owners = new WeakMap<Writable, number>()

function own(stream: Writable, onFailure: (error: BuildkitError) => void): () => void {
  const onError = (error: unknown) => {
    // The one who writes to it hears of it too, and knows better what it means.
    if (!used.has(stream)) onFailure(exportFailed('the output', error))
  }
  owners.set(stream, (owners.get(stream) ?? 0) + 1)
  stream.on('error', onError)
  if (stream.errored) onError(stream.errored)
  return () => {
    const others = owners.get(stream)! - 1
    owners.set(stream, others)
    if (others > 0 || used.has(stream)) {
      stream.off('error', onError)
      return
    }
    // The listener stays: what was under way in it may still fail.
    stream.destroy()
  }
}

/** What has `write` and `end` only is taken as an output too; there is nothing to listen to. */
function isWritable(output: unknown): output is Writable {
  const { on, off, destroy } = (output ?? {}) as Partial<Writable>
  return [on, off, destroy].every((method) => typeof method === 'function')
}
