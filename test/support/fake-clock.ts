import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

export interface FakeClock {
  /** Milliseconds that have passed on it. */
  readonly passedMs: number
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** Lets time pass until a promise settles, as much as it takes; what goes over sockets of this process is done meanwhile. */
  until<T>(promise: Promise<T>): Promise<T>
}

/** Timers stand still until the test lets time pass, also for those who have imported them; until the test's end. */
export function fakeClock(test: TestContext): FakeClock {
  test.mock.timers.enable({ apis: ['setTimeout'] })
  syncBuiltinESMExports()
  test.after(() => {
    test.mock.timers.reset()
    syncBuiltinESMExports()
  })
  let passedMs = 0
  const pass = async (ms: number) => {
    test.mock.timers.tick(ms)
    passedMs += ms
    await turn()
  }
  return {
    get passedMs() {
      return passedMs
    },
    pass,
    async until(promise) {
      let settled = false
      const settle = () => {
        settled = true
      }
      promise.then(settle, settle)
      while (!settled) {
        await pass(stepMs)
        for (let turns = 0; turns < turnsPerStep && !settled; turns++) await turn()
      }
      return await promise
    },
  }
}

const stepMs = 50
/** So that real work gets done in little of the fake time. */
const turnsPerStep = 50
