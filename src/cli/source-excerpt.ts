import { printable } from '../base/redact.ts'
import type { ErrorSource } from '../solve/failure/error-details.ts'

const rule = '-'.repeat(20)

/**
 * The lines of a Dockerfile around a failed step, with `>>>` before its own, as the Go tools print them
 * (moby/buildkit `solver/errdefs/source.go`). Empty where the place is not in the text.
 */
export function sourceExcerpt({ filename, ranges, text }: ErrorSource): string {
  const lines = text.split('\n')
  const spans = ranges.map(({ start, end }) => ({ first: start.line ?? 0, last: end.line ?? 0 }))
  const first = Math.min(...spans.map((span) => span.first))
  const last = Math.min(Math.max(...spans.map((span) => span.last)), lines.length)
  if (!(first >= 1 && first <= last)) return ''
  const shown = windowAround(first, last, lines.length)
  const isMarked = (line: number) => spans.some((span) => span.first <= line && line <= span.last)
  const excerpt = lines.slice(shown.first - 1, shown.last).map((content, index) => {
    const line = shown.first + index
    return ` ${String(line).padStart(3)} | ${isMarked(line) ? '>>>' : '   '} ${content.replace(/\r$/, '')}`
  })
  return printable([`${filename}:${first}`, rule, ...excerpt, rule, ''].join('\n'))
}

/** One line more on either side per round; each round and each line counts, until there is enough context. */
function windowAround(first: number, last: number, count: number): { first: number; last: number } {
  const enough = first === last ? 4 : 2
  const shown = { first, last }
  for (let found = 0; found < enough; found++) {
    if (shown.first > 1) {
      shown.first--
      found++
    }
    if (shown.last < count) {
      shown.last++
      found++
    }
  }
  return shown
}
