import net from 'node:net'
import { listenOn } from './listener.ts'

/** A way to a server on which connections can go wrong, below HTTP. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** How many connections have come so far. */
  readonly accepted: number
  /** From now on nothing is heard on the connections that are open, in either direction; later ones work. */
  freeze(): void
  /** Resets the connections that are open. */
  reset(): void
}

/** Relays connections to a port of 127.0.0.1, on any free port by default. */
export async function startRelay(to: number, port = 0): Promise<Relay> {
  const open = new Set<{ near: net.Socket; far: net.Socket }>()
  let accepted = 0
  const server = net.createServer((near) => {
    accepted++
    const far = net.connect(to, '127.0.0.1')
    const pair = { near, far }
    open.add(pair)
    near.pipe(far).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one
        .on('error', () => {})
        .once('close', () => {
          open.delete(pair)
          other.destroy()
        })
  })
  const listener = await listenOn(server, port)
  return {
    port: listener.port,
    get accepted() {
      return accepted
    },
    freeze() {
      for (const { near, far } of open) {
        near.unpipe().resume()
        far.unpipe().resume()
      }
    },
    reset() {
      for (const { near } of open) near.resetAndDestroy()
    },
    async [Symbol.asyncDispose]() {
      for (const { far } of open) far.destroy()
      await listener[Symbol.asyncDispose]()
    },
  }
}
