import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'

/** A source of numbers for one test, which says where it has started; `SEED` makes it start there again. */
export class Random {
  #state: number

  constructor(test: TestContext) {
    this.#state = Number(process.env.SEED ?? randomInt(2 ** 32))
    test.diagnostic(`seed ${this.#state}`)
  }

  /** A whole number from 0 to below the limit (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  /** One of the given. */
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  /** So many made one by one, up to a most. */
  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }
}
