import { Duplex } from 'node:stream'
import { deferred } from '../../src/base/deferred.ts'

/** A stream to a peer that has stopped reading and says nothing; `stuck` settles when something was written to it. */
export function stuckStream(): { readonly stream: Duplex; readonly stuck: Promise<void> } {
  const stuck = deferred()
  const stream = new Duplex({ read() {}, write: () => stuck.resolve() })
  return { stream, stuck: stuck.promise }
}
