import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Dialer } from '../../src/transport/route.ts'
import { type Listening, listening } from './listening.ts'

/** A TCP relay that can become a black hole: bytes are taken and not passed on, and no end is told. */
export interface Relay extends Listening {
  readonly dial: Dialer
  /** Bytes from the client are lost from now on. */
  loseRequests(): void
  /** Bytes to the client are lost from now on. */
  loseReplies(): void
  /** The side behind the relay is gone; the client's side stays open and silent. */
  halfOpen(): void
}

/** Relays to a daemon: `dial` opens a stream to it for each connection. */
export async function relayTo(dial: Dialer): Promise<Relay> {
  const behind = new Set<Duplex>()
  let requestsPass = true
  let repliesPass = true
  let endsPass = true
  const server = net.createServer(async (client) => {
    const daemon = await dial(new AbortController().signal)
    behind.add(daemon)
    client.on('data', (chunk) => requestsPass && daemon.write(chunk))
    daemon.on('data', (chunk) => repliesPass && client.write(chunk))
    daemon.on('error', () => {})
    client.once('close', () => daemon.destroy())
    daemon.once('close', () => {
      behind.delete(daemon)
      if (endsPass) client.destroy()
    })
  })
  const relay = await listening(server)
  return {
    ...relay,
    async dial() {
      const socket = net.connect(relay.port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
    loseRequests() {
      requestsPass = false
      endsPass = false
    },
    loseReplies() {
      repliesPass = false
      endsPass = false
    },
    halfOpen() {
      endsPass = false
      for (const daemon of behind) daemon.destroy()
    },
  }
}
