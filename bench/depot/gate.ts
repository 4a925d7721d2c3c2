import { createServer, type ServerResponse } from 'node:http'
import { deferred } from '../../src/base/deferred.ts'
import { listenOn } from '../../test/depot/stand-in/listener.ts'

/** Where steps of builds wait for each other. */
export interface Gate extends AsyncDisposable {
  /** A step waits until it has read this. */
  readonly url: string
  /** Settles when all have come and none has gone on. */
  readonly full: Promise<void>
  /** Lets them go on. */
  open(): void
}

/** One that is full with so many. */
export async function startGate(count: number): Promise<Gate> {
  const waiting: ServerResponse[] = []
  const full = deferred()
  const server = createServer((_, response) => {
    waiting.push(response)
    if (waiting.length === count) full.resolve()
  })
  const listener = await listenOn(server, 0)
  return {
    url: `http://127.0.0.1:${listener.port}/`,
    full: full.promise,
    open: () => {
      for (const response of waiting) response.end()
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}
