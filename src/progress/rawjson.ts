import type { SolveStatus } from '../solve/status/status.ts'
import type { View } from './view.ts'

/** Every message at once, as one line of JSON. */
export function rawJsonView(): View {
  const nothing = () => ''
  return { update: rawJsonLine, refresh: nothing, end: nothing }
}

/**
 * A status message as the Go client's `--progress=rawjson` prints it, byte for byte, line feed included. Go's
 * encoder escapes more than JSON asks for, so that its output can stand in HTML and JavaScript.
 */
export function rawJsonLine(status: SolveStatus): string {
  return `${JSON.stringify(status).replace(/[<>&\u2028\u2029]/g, escaped)}\n`
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
