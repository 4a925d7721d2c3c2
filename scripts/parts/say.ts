/** One line of progress, on stderr, so that a script's own output stays clean. */
export function say(line: string): void {
  process.stderr.write(`[parts] ${line}\n`)
}

/** Longer steps say every so often that they are still at it: a silent minute looks like a hang. */
const reminderMs = 30_000

/** Announces a step, does it, and says how long it took. */
export async function saying<T>(step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(0)} s`
  say(`${step} ...`)
  const reminder = setInterval(() => say(`${step}: ${seconds()} so far`), reminderMs)
  try {
    const result = await work()
    say(`${step}: done in ${seconds()}`)
    return result
  } finally {
    clearInterval(reminder)
  }
}
