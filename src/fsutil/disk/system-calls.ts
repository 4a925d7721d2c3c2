import * as fs from 'node:fs'
import { deferred } from '../../base/deferred.ts'

/*
 * What reads the disk is written once, as procedures that yield the system calls they need, and run in two ways: with
 * blocking calls in a thread that is there for it, which costs a fraction, or with asynchronous ones for what is too
 * little for a thread.
 */

/** A system call by its name, with its arguments as `node:fs` takes them. */
export type SystemCall = readonly [name: keyof typeof blocking, ...args: unknown[]]

/** Work on the disk. What it yields is called, and what the call returns or throws comes back at that place. */
// biome-ignore lint/suspicious/noExplicitAny: each call returns something else, and a type for each costs a generator
export type Procedure<T> = Generator<SystemCall, T, any>

/** Runs a procedure with calls that block this thread. Counts each in `calls[0]`. */
export function runBlocking<T>(procedure: Procedure<T>, calls: Uint32Array): T {
  let step = procedure.next()
  while (!step.done) {
    const [name, ...args] = step.value
    let result: unknown
    calls[0]!++
    try {
      result = (blocking[name] as (...args: unknown[]) => unknown)(...args)
    } catch (error) {
      step = procedure.throw(error)
      continue
    }
    step = procedure.next(result)
  }
  return step.value
}

/** A procedure that runs with asynchronous calls. */
export interface Running<T> {
  /** Stays pending once it is abandoned. */
  readonly result: Promise<T>
  /** Has it close what it has open as soon as the call underway returns. */
  abandon(): void
}

/** What is told of a procedure that runs with asynchronous calls. */
export interface Events {
  /** A call begins. */
  readonly onCall?: () => void
  /** It makes no more calls. `result` is what it has come to, if it has, also when it was abandoned. */
  readonly onEnd?: (result: { readonly value: unknown } | undefined) => void
}

/** Runs a procedure with asynchronous calls, one at a time. */
export function runAsynchronous<T>(procedure: Procedure<T>, events: Events = {}): Running<T> {
  const ended = deferred<T>()
  let isAbandoned = false
  let isClosing = false
  const goOn = (resume: () => IteratorResult<SystemCall, T>): void => {
    let step: IteratorResult<SystemCall, T>
    try {
      step = resume()
      // What the call has opened is in the procedure's hands now, which closes it when it is ended early.
      if (isAbandoned && !isClosing && !step.done && step.value[0] !== 'close') {
        isClosing = true
        step = procedure.return(undefined as T)
      }
    } catch (error) {
      if (!isAbandoned) ended.reject(error)
      events.onEnd?.(undefined)
      return
    }
    if (step.done) {
      if (!isAbandoned) ended.resolve(step.value)
      events.onEnd?.(isClosing ? undefined : { value: step.value })
      return
    }
    events.onCall?.()
    const [name, ...args] = step.value
    const onReturn = (error: Error | null, result: unknown) =>
      goOn(() => (error === null ? procedure.next(result) : procedure.throw(error)))
    try {
      asynchronous[name](...args, onReturn)
    } catch (error) {
      // An argument that no system would take.
      onReturn(error as Error, undefined)
    }
  }
  goOn(() => procedure.next())
  return {
    result: ended.promise,
    abandon: () => {
      isAbandoned = true
    },
  }
}

const blocking = {
  open: fs.openSync,
  close: fs.closeSync,
  read: fs.readSync,
  stat: fs.statSync,
  lstat: fs.lstatSync,
  fstat: fs.fstatSync,
  readdir: fs.readdirSync,
  readlink: fs.readlinkSync,
  realpath: fs.realpathSync.native,
} as const

const asynchronous = {
  open: fs.open,
  close: fs.close,
  read: fs.read,
  stat: fs.stat,
  lstat: fs.lstat,
  fstat: fs.fstat,
  readdir: fs.readdir,
  readlink: fs.readlink,
  realpath: fs.realpath.native,
} as unknown as Record<keyof typeof blocking, (...args: unknown[]) => void>
