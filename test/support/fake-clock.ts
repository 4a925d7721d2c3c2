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
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis
  test.mock.timers.enable({ apis: ['setTimeout'] })
  keepOwnTimers(realClear)
  syncBuiltinESMExports()
  test.after(() => {
    test.mock.timers.reset()
    Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear })
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
        if (passedMs > maxMs) throw new Error(`not settled after ${passedMs} ms of the clock`)
        await pass(stepMs)
        // Sockets need real time: without it the clock would run ahead of them.
        if (!settled) await new Promise<void>((resolve) => realSet(resolve, realMsPerStep))
      }
      return await promise
    },
  }
}

/**
 * Node's mock removes whatever timer has taken the place of one that has fired, or that an earlier test has left behind,
 * when that one is cleared.
 */
function keepOwnTimers(realClear: typeof clearTimeout): void {
  const { setTimeout: mockSet, clearTimeout: mockClear } = globalThis
  const pending = new Set<unknown>()
  const set = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = mockSet(() => {
      pending.delete(timer)
      callback(...args)
    }, ms)
    pending.add(timer)
    return timer
  }
  const clear = (timer: Parameters<typeof clearTimeout>[0]) => {
    if (pending.delete(timer)) mockClear(timer)
    else if (timer instanceof realTimer) realClear(timer)
  }
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
}

const probe = setTimeout(() => {}, 0)
clearTimeout(probe)
const realTimer = probe.constructor as new () => NodeJS.Timeout

const maxMs = 1_000_000
const stepMs = 50
const realMsPerStep = 3
