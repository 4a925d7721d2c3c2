/** What ends a process from outside: Ctrl-C, service managers and container runtimes, a terminal that closes. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Has something done when the process gets SIGINT, SIGTERM or SIGHUP, before it dies of that signal as it would have
 * without us. Where the application handles the signal, the process lives on. A second signal waits for nothing. Returns
 * what takes it back; with the last one our handlers are gone.
 */
export function onExitSignal(end: Ending): () => void {
  return exitSignals().add(end)
}

/** The same for as long as `work` goes on. */
export function onExitSignalDuring(work: Promise<unknown>, end: Ending): void {
  const forget = onExitSignal(end)
  work.then(forget, forget)
}

type Ending = () => Promise<unknown>

interface ExitSignals {
  add(end: Ending): () => void
}

/**
 * One for all copies of this package in the process, by whichever came first: two handlers would each take the other for
 * the application's.
 */
function exitSignals(): ExitSignals {
  const shared = globalThis as { [key]?: ExitSignals }
  shared[key] ??= new SharedExitSignals()
  return shared[key]
}

const key = Symbol.for('buildkit-client exit signals 1')

class SharedExitSignals implements ExitSignals {
  readonly #endings = new Set<Ending>()
  #listening = false
  /** True from the first signal until everything is done. */
  #ending = false

  add(end: Ending): () => void {
    // Of its own, so that the same function can be added twice.
    const ending = () => end()
    this.#endings.add(ending)
    this.#listen()
    return () => {
      this.#endings.delete(ending)
      if (this.#endings.size === 0) this.#unlisten()
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Asked before the application's own handlers have run: one that is called once is still counted.
    const alone = process.listenerCount(signal) === 1 + signalExitListeners()
    if (this.#ending) {
      if (alone) this.#die(signal)
      return
    }
    this.#ending = true
    void this.#endAll().then(() => {
      this.#ending = false
      if (alone) this.#die(signal)
    })
  }

  /** Until nothing is left, as more may be added meanwhile. */
  async #endAll(): Promise<void> {
    const ended = new Set<Ending>()
    for (;;) {
      const open = [...this.#endings].filter((ending) => !ended.has(ending))
      if (open.length === 0) return
      for (const ending of open) ended.add(ending)
      await Promise.allSettled(open.map((ending) => ending()))
    }
  }

  #die(signal: NodeJS.Signals): void {
    this.#unlisten()
    process.kill(process.pid, signal)
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    for (const signal of signals) process.prependListener(signal, this.#onSignal)
  }

  #unlisten(): void {
    this.#listening = false
    for (const signal of signals) process.removeListener(signal, this.#onSignal)
  }
}

/**
 * How many listeners the package signal-exit has for each signal. It is no application that handles the signal: it sends
 * the signal again once nobody else listens, as we do, and is found where its own versions 3 and 4 find each other.
 */
function signalExitListeners(): number {
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: SignalExitEmitter }
  const { [signalExit4]: version4 } = globalThis as { [signalExit4]?: SignalExitEmitter }
  return (version3?.count ?? 0) + (version4?.count ?? 0)
}

interface SignalExitEmitter {
  readonly count?: number
}

const signalExit4 = Symbol.for('signal-exit emitter')
