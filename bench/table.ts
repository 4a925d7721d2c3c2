/** A table in Markdown. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, header.map(() => '---'), ...rows]
  return all.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** The cells for a ratio that is to be at most so large: itself, the target, whether it is met. */
export function targetCells(ratio: number, target: number): [string, string, string] {
  return [`**${ratio.toFixed(2)}**`, `<= ${target}`, ratio <= target ? 'yes' : '**no**']
}
