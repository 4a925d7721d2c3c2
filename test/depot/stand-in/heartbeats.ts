import type { Architecture } from './machine.ts'

/** Who is alive: one ledger line for each build and architecture. */
export class Heartbeats {
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #settings: { readonly heartbeatTimeoutMs: number }
  readonly #onSilence: (buildId: string) => void

  /** Calls back for a build of which an architecture was not heard of for the time of the settings. */
  constructor(settings: { readonly heartbeatTimeoutMs: number }, onSilence: (buildId: string) => void) {
    this.#settings = settings
    this.#onSilence = onSilence
  }

  /** Opens a line, or proves that its client lives. */
  beat(buildId: string, architecture: Architecture): void {
    const line = `${buildId}/${architecture}`
    clearTimeout(this.#timers.get(line))
    const timer = setTimeout(() => this.#onSilence(buildId), this.#settings.heartbeatTimeoutMs)
    this.#timers.set(line, timer.unref())
  }

  /** Closes the line of an architecture, or all of a build; nobody need be heard of any more. */
  close(buildId: string, architecture?: Architecture): void {
    const closes = (line: string) =>
      architecture === undefined ? line.startsWith(`${buildId}/`) : line === `${buildId}/${architecture}`
    for (const [line, timer] of this.#timers) {
      if (!closes(line)) continue
      clearTimeout(timer)
      this.#timers.delete(line)
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}
