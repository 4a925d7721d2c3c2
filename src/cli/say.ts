import type { Io } from './io.ts'

/** Writes a line for people, such as `note: ...`, to standard error. */
export function say({ stderr }: Pick<Io, 'stderr'>, kind: 'note' | 'warning' | 'error', text: string): void {
  stderr.write(`${kind}: ${printable(text.trimEnd())}\n`)
}

/** A text from elsewhere without what could drive a terminal; tabs and line ends stay. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[^\n\t\P{Cc}]/gu, '\uFFFD')
}
