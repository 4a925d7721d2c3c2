import type { SolveStatus } from '../solve/status/status.ts'
import type { View } from './view.ts'

/** Every message at once, as one line of JSON. */
export function rawJsonView(): View {
  const nothing = () => ''
  const update = (status: SolveStatus) => (isOfClient(status) ? '' : rawJsonLine(status))
  return { update, refresh: nothing, end: nothing }
}

/** Amounts of this side that belong to no step: the Go client has no such messages. */
function isOfClient({ vertexes, statuses = [], logs, warnings }: SolveStatus): boolean {
  const others = vertexes ?? logs ?? warnings
  return others === undefined && statuses.length > 0 && statuses.every(({ vertex }) => vertex === undefined)
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
