import { printable } from '../base/redact.ts'
import type { Io } from './io.ts'

/** Writes a line for people, such as `note: ...`, to standard error. */
export function say({ stderr }: Pick<Io, 'stderr'>, kind: 'note' | 'warning' | 'error', text: string): void {
  stderr.write(`${kind}: ${printable(text.trimEnd())}\n`)
}
