import type { Monitor } from './monitor.ts'

/** This much may have arrived and not be on disk yet; then the daemon has to wait. */
const maxBytes = 8 << 20

/** What has arrived and is not written yet, over all files of a transfer. */
export class Backlog {
  readonly #monitor: Monitor
  #bytes = 0

  constructor(monitor: Monitor) {
    this.#monitor = monitor
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  remove(bytes: number): void {
    this.#bytes -= bytes
    this.#monitor.changed()
  }

  /** Nothing while there is room for more, else a promise to await before taking more; it throws what failed. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom() && !this.#monitor.failed) return undefined
    return this.#monitor.until(() => this.#hasRoom())
  }

  #hasRoom(): boolean {
    return this.#bytes <= maxBytes
  }
}
