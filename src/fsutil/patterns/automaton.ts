/**
 * One step of a pattern. Text is read by characters (code points); a step is reached, and then
 *
 * - `character`: takes one it accepts, or with `repeats` any number of them
 * - `optional`: goes on, or jumps over the `skips` steps that follow
 * - `assertion`: goes on if the characters on both sides of it allow; {@link noCharacter} at the ends
 */
export type Step =
  | {
      readonly kind: 'character'
      readonly accepts: (character: number) => boolean
      readonly repeats: boolean
    }
  | { readonly kind: 'optional'; readonly skips: number }
  | { readonly kind: 'assertion'; readonly holds: (before: number, after: number) => boolean }

/** What an assertion sees beyond the ends of the text. */
export const noCharacter = -1

/**
 * Matches whole texts against a sequence of steps by following all ways through it at once. Its time is
 * bounded by text times pattern, as that of Go's engine is: patterns come from the daemon, and one that makes
 * a backtracking engine try every way could hold the event loop for hours.
 */
export class Automaton {
  readonly #steps: readonly Step[]
  /** One flag per step that can be reached at this point of the text, and one for the end. */
  #reached: Uint8Array
  #next: Uint8Array

  constructor(steps: readonly Step[]) {
    this.#steps = steps
    this.#reached = new Uint8Array(steps.length + 1)
    this.#next = new Uint8Array(steps.length + 1)
  }

  matches(text: string): boolean {
    const end = this.#steps.length
    this.#reached.fill(0)
    this.#reached[0] = 1
    let after = characterAt(text, 0)
    this.#spread(noCharacter, after)
    for (let index = 0; after !== noCharacter; ) {
      const character = after
      index += character > 0xffff ? 2 : 1
      after = characterAt(text, index)
      if (!this.#take(character)) return false
      this.#spread(character, after)
    }
    return this.#reached[end] === 1
  }

  /** Moves over one character; false when no way goes on. */
  #take(character: number): boolean {
    const reached = this.#reached
    const next = this.#next
    next.fill(0)
    let alive = false
    for (let index = 0; index < this.#steps.length; index++) {
      if (reached[index] === 0) continue
      const step = this.#steps[index]!
      if (step.kind !== 'character' || !step.accepts(character)) continue
      next[step.repeats ? index : index + 1] = 1
      alive = true
    }
    this.#reached = next
    this.#next = reached
    return alive
  }

  /** Adds the steps that are reached without taking a character; they all lie further on. */
  #spread(before: number, after: number): void {
    const reached = this.#reached
    for (let index = 0; index < this.#steps.length; index++) {
      if (reached[index] === 0) continue
      const step = this.#steps[index]!
      if (step.kind === 'character') {
        if (step.repeats) reached[index + 1] = 1
      } else if (step.kind === 'optional') {
        reached[index + 1] = 1
        reached[index + 1 + step.skips] = 1
      } else if (step.holds(before, after)) {
        reached[index + 1] = 1
      }
    }
  }
}

function characterAt(text: string, index: number): number {
  return text.codePointAt(index) ?? noCharacter
}
