import { readFile } from 'node:fs/promises'
import type { View } from '../../src/progress/view.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'

/** The messages of a recorded build, see `test/fixtures/progress/README.md`. */
export async function recorded(name: string): Promise<SolveStatus[]> {
  const text = await fixture(name)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

export function fixture(name: string): Promise<string> {
  return readFile(new URL(`../fixtures/progress/${name}`, import.meta.url), 'utf8')
}

/**
 * What a view gives for messages that come when the latest time in them says, with a refresh every 150 ms between,
 * as `render` does it.
 */
export function replay(view: View, statuses: readonly SolveStatus[]): string {
  let now = Math.min(...statuses.flatMap(timesOf))
  let text = ''
  for (const status of statuses) {
    const came = Math.max(now, ...timesOf(status))
    while (came - now > 150) {
      now += 150
      text += view.refresh(now)
    }
    now = came
    text += view.update(status, now)
  }
  return text + view.end(now)
}

function timesOf({ vertexes = [], statuses = [], logs = [] }: SolveStatus): number[] {
  const times = [
    ...vertexes.flatMap(({ started, completed }) => [started, completed]),
    ...statuses.map(({ timestamp }) => timestamp),
    ...logs.map(({ timestamp }) => timestamp),
  ]
  return times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time))
}
