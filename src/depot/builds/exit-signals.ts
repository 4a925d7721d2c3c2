/** What ends a process from outside: Ctrl-C, and service managers and container runtimes. */
const signals = ['SIGINT', 'SIGTERM'] as const

/** What has to be done before the process may end. */
const endings = new Set<() => Promise<void>>()
/** True from the first signal until everything is done. */
let ending = false

/**
 * Has something done when the process gets SIGINT or SIGTERM, before it dies of that signal as it would have
 * without us. Where the application handles the signal, the process lives on. A second signal waits for
 * nothing. Returns what takes it back; with the last one our handlers are gone.
 */
export function onExitSignal(end: () => Promise<void>): () => void {
  if (endings.size === 0) for (const signal of signals) process.prependListener(signal, onSignal)
  endings.add(end)
  return () => {
    endings.delete(end)
    if (endings.size === 0) removeHandlers()
  }
}

function onSignal(signal: NodeJS.Signals): void {
  // Asked before the application's own handlers have run: one that is called once is still counted.
  const alone = process.listenerCount(signal) === 1
  if (ending) {
    if (alone) die(signal)
    return
  }
  ending = true
  void Promise.allSettled([...endings].map((end) => end())).then(() => {
    ending = false
    if (alone) die(signal)
  })
}

function die(signal: NodeJS.Signals): void {
  removeHandlers()
  process.kill(process.pid, signal)
}

function removeHandlers(): void {
  for (const signal of signals) process.removeListener(signal, onSignal)
}
