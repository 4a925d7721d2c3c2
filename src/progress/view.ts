import type { SolveStatus } from '../solve/status/status.ts'

/**
 * A way to show a build: a function of what has happened and of the time. It takes status messages and gives
 * back the text that is due; `now` is the reading of any clock that counts milliseconds. Each call may give
 * an empty text.
 */
export interface View {
  /** Takes a message. */
  update(status: SolveStatus, now: number): string
  /** Called again and again while no message comes. */
  refresh(now: number): string
  /** What is left to say; nothing comes after it. */
  end(now: number): string
}

/** The shortest time between two messages that are printed as they come (moby/buildkit `util/progress/progressui/display.go`). */
export const printInterval = 100
