/**
 * Calls `listener` with the signal's reason when the signal aborts, now if it has; until disposed of. However many
 * listen to one signal of a user's, the signal has one listener of ours: Node warns of a leak at the eleventh.
 */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): Disposable {
  if (signal === undefined) return nothing
  if (signal.aborted) {
    listener(signal.reason)
    return nothing
  }
  const entry = { listener }
  const entries = listeners.get(signal) ?? listen(signal)
  entries.add(entry)
  return {
    [Symbol.dispose]() {
      entries.delete(entry)
      if (entries.size === 0) forget(signal, entries)
    },
  }
}

/** An entry for each call: the same function may listen twice. */
interface Entry {
  readonly listener: (reason: unknown) => void
}

/** A set that holds its signal's listeners, and the one listener that stands for them. */
class Entries extends Set<Entry> {
  readonly fire: () => void

  constructor(signal: AbortSignal) {
    super()
    this.fire = () => {
      listeners.delete(signal)
      // A set goes on over what is deleted and added meanwhile as it should.
      for (const { listener } of this) listener(signal.reason)
    }
  }
}

const listeners = new WeakMap<AbortSignal, Entries>()

const nothing: Disposable = { [Symbol.dispose]() {} }

function listen(signal: AbortSignal): Entries {
  const entries = new Entries(signal)
  listeners.set(signal, entries)
  signal.addEventListener('abort', entries.fire, { once: true })
  return entries
}

function forget(signal: AbortSignal, entries: Entries): void {
  signal.removeEventListener('abort', entries.fire)
  if (listeners.get(signal) === entries) listeners.delete(signal)
}
