import { type Duplex, duplexPair } from 'node:stream'

/** Two ends of a byte stream in memory, where the loss of one end is the loss of the other, as with sockets. */
export function linkedPair(): [Duplex, Duplex] {
  const [one, other] = duplexPair()
  one.once('close', () => other.destroy())
  other.once('close', () => one.destroy())
  return [one, other]
}
