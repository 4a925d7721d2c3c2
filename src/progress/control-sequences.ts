/** A text for a place that has one line: without control sequences, line breaks and tabs as spaces. */
export function oneLine(text: string): string {
  return new ControlFilter().write(text).replace(/[\n\r\t]+/g, ' ')
}

/**
 * Removes control characters and escape sequences (ECMA-48) from a text that comes in pieces: what a step
 * prints can hold orders to the terminal. Tabs, line feeds and carriage returns stay. A sequence that is
 * never finished ends with its line, so that it cannot swallow the rest.
 */
export class ControlFilter {
  #state: State = 'text'

  write(piece: string): string {
    let text = ''
    let at = 0
    while (at < piece.length) {
      if (this.#state === 'text') {
        const end = nextControl(piece, at)
        text += piece.slice(at, end)
        at = end
      }
      const state = after(this.#state, piece.charAt(at))
      if (state !== undefined) at++
      this.#state = state ?? 'text'
    }
    return text
  }
}

/**
 * Where in a sequence: behind its ESC; in the parameters of a control sequence; in a string such as a window
 * title; behind an ESC in such a string.
 */
type State = 'text' | 'escape' | 'parameters' | 'string' | 'escape in string'

const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

function nextControl(text: string, from: number): number {
  control.lastIndex = from
  return control.exec(text)?.index ?? text.length
}

/**
 * The state behind a character; undefined when the character is no part of the sequence, which then ends
 * before it.
 */
function after(state: State, char: string): State | undefined {
  switch (state) {
    case 'text':
      return begun(char)
    case 'escape':
      if (char === '[') return 'parameters'
      if (/[\]PX^_]/.test(char)) return 'string'
      return /[ -/]/.test(char) ? 'escape' : ended(/[0-~]/, char)
    case 'parameters':
      return /[ -?]/.test(char) ? 'parameters' : ended(/[@-~]/, char)
    case 'string':
      if (char === '\x1b') return 'escape in string'
      return /[\n\x18\x1a]/.test(char) ? undefined : (ended(/[\x07\x9c]/, char) ?? 'string')
    case 'escape in string':
      return char === '\\' ? 'text' : after('escape', char)
  }
}

/**
 * By a control character outside of any sequence: C1 has sequences begin with one character instead of two.
 */
function begun(char: string): State {
  if (char === '\x1b') return 'escape'
  if (char === '\x9b') return 'parameters'
  return /[\x90\x98\x9d-\x9f]/.test(char) ? 'string' : 'text'
}

function ended(final: RegExp, char: string): State | undefined {
  return final.test(char) ? 'text' : undefined
}
