/**
 * A very small terminal: what a live view may use is understood, anything else is an error. Lines that leave the
 * screen at the top go to `scrolledOff`.
 */
export class TerminalScreen {
  readonly scrolledOff: string[] = []
  cursorVisible = true
  wraps = true
  readonly #columns: number
  readonly #rows: number
  #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.#rows = rows
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\x1b\[\??[\d;]*[A-Za-z]|./gsu)) this.#take(token)
  }

  /** The lines on the screen, without the empty ones at its end. */
  get lines(): string[] {
    const lines = this.#lines.map((line) =>
      Array.from(line, (char) => char ?? ' ')
        .join('')
        .trimEnd(),
    )
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  /** Where the cursor is, counted from 0. */
  get cursor(): [row: number, column: number] {
    return [this.#row, this.#column]
  }

  #take(token: string): void {
    if (token === '\n') this.#lineFeed()
    else if (token === '\r') this.#column = 0
    else if (token.startsWith('\x1b[')) this.#control(token)
    else if (token < ' ' || (token >= '\x7f' && token < '\xa0'))
      throw new Error(`control ${JSON.stringify(token)}`)
    else this.#print(token)
  }

  #control(sequence: string): void {
    const count = Number(sequence.slice(2, -1).replace('?', '') || 1)
    if (sequence === '\x1b[?25l') this.cursorVisible = false
    else if (sequence === '\x1b[?25h') this.cursorVisible = true
    else if (sequence === '\x1b[?7l') this.wraps = false
    else if (sequence === '\x1b[?7h') this.wraps = true
    else if (sequence === '\x1b[K') this.#line().splice(this.#column)
    else if (sequence === '\x1b[J') this.#eraseBelow()
    else if (sequence.endsWith('A')) this.#row = Math.max(0, this.#row - count)
    else if (!/^\x1b\[\d+m$/.test(sequence)) throw new Error(`unknown sequence ${JSON.stringify(sequence)}`)
  }

  #print(char: string): void {
    if (this.#column === this.#columns) {
      if (this.wraps) this.#lineFeed()
      else this.#column--
    }
    this.#line()[this.#column++] = char
  }

  /** The terminal driver makes a carriage return of it too. */
  #lineFeed(): void {
    this.#column = 0
    this.#row++
    if (this.#row < this.#rows) return
    this.scrolledOff.push(this.#line(0).join(''))
    this.#lines.shift()
    this.#row--
  }

  #eraseBelow(): void {
    this.#line().splice(this.#column)
    this.#lines.splice(this.#row + 1)
  }

  #line(row = this.#row): string[] {
    while (this.#lines.length <= row) this.#lines.push([])
    return this.#lines[row]!
  }
}
