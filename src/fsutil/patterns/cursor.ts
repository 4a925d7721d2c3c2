/** Goes through the characters (code points) of a pattern from left to right. */
export class Cursor {
  readonly #characters: readonly string[]
  #index = 0

  constructor(text: string) {
    this.#characters = Array.from(text)
  }

  /** The next character, or nothing at the end. */
  get next(): string | undefined {
    return this.#characters[this.#index]
  }

  get atEnd(): boolean {
    return this.#index === this.#characters.length
  }

  /** Returns the next character and steps over it. Not to be called at the end. */
  take(): string {
    return this.#characters[this.#index++]!
  }

  /** Says whether the text comes next. */
  comes(text: string): boolean {
    return this.#standsAt(this.#index, text)
  }

  /** Steps over the text if it comes next, and says whether it did. */
  skip(text: string): boolean {
    if (!this.comes(text)) return false
    this.#index += text.length
    return true
  }

  /** Steps over `open`, the next `close` and what is between, and returns that; nothing if they do not come. */
  skipEnclosed(open: string, close: string): string | undefined {
    if (!this.comes(open)) return undefined
    const start = this.#index + open.length
    for (let end = start; end < this.#characters.length; end++) {
      if (!this.#standsAt(end, close)) continue
      this.#index = end + close.length
      return this.#characters.slice(start, end).join('')
    }
    return undefined
  }

  /** The texts asked for here are all of ASCII, so that one unit is one character. */
  #standsAt(start: number, text: string): boolean {
    for (let offset = 0; offset < text.length; offset++)
      if (this.#characters[start + offset] !== text[offset]) return false
    return true
  }
}
