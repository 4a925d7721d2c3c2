import { columnsOf, cut } from './columns.ts'
import type { Mood, Row } from './tty-layout.ts'

/** Narrower names say nothing: then the amount is left out. */
const narrowestName = 12

/**
 * Select Graphic Rendition (ECMA-48), the colours of BuildKit's own view; what runs has the terminal's own
 * colour.
 */
const colours: Readonly<Record<Mood, number | undefined>> = {
  running: undefined,
  done: 34,
  canceled: 33,
  failed: 31,
  warning: 33,
  output: 2,
}

/** A row as one line that takes at most so many columns. */
export function paint(row: Row, columns: number, color: boolean): string {
  const line = cut(fitted(row, columns), columns)
  const colour = color ? colours[row.mood] : undefined
  return colour === undefined ? line : `\x1b[${colour}m${line}\x1b[0m`
}

function fitted({ text, amount = '', time }: Row, columns: number): string {
  const prefix = ' => '
  const right = time === undefined ? '' : ` ${seconds(time)}s`
  const room = columns - prefix.length - right.length
  const behind = amount === '' || room - amount.length - 1 < narrowestName ? '' : ` ${amount}`
  const left = prefix + cut(text, room - behind.length) + behind
  return left + ' '.repeat(Math.max(0, columns - columnsOf(left) - right.length)) + right
}

/** With one digit. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1)
}
