/** How many columns of a terminal a text takes. The text has no control characters. */
export function columnsOf(text: string): number {
  if (ascii.test(text)) return text.length
  let columns = 0
  for (const char of text) columns += widthOf(char)
  return columns
}

/** As much of the beginning of a text as fits in so many columns. */
export function cut(text: string, columns: number): string {
  if (ascii.test(text)) return text.slice(0, Math.max(0, columns))
  let used = 0
  let length = 0
  for (const char of text) {
    used += widthOf(char)
    if (used > columns) break
    length += char.length
  }
  return text.slice(0, length)
}

const ascii = /^[ -~]*$/

/** Characters without a width of their own: combining marks, joiners, variation selectors. */
const narrowest = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** Characters of two columns: East Asian wide and fullwidth ones (Unicode annex 11, by block), and emoji. */
const wide: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
]

function widthOf(char: string): number {
  if (narrowest.test(char)) return 0
  const code = char.codePointAt(0)!
  return wide.some(([first, last]) => first <= code && code <= last) ? 2 : 1
}
