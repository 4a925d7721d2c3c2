// A link with latency: `delay-proxy.ts <where to listen> <where to connect> <round trip in ms>`, each the path of a
// socket or a TCP port of this computer, 0 for a free one. It runs as a process of its own, so that its work counts for
// no client, and says `listening on <path or port>` once it does.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const [near, far, roundTrip] = process.argv.slice(2)
const roundTripMs = Number(roundTrip)
const delayMs = roundTripMs / 2

const place = (text: string) =>
  /^\d+$/.test(text) ? { host: '127.0.0.1', port: Number(text) } : { path: text }

const options = { allowHalfOpen: true, noDelay: true }
const server = createServer({ ...options, pauseOnConnect: true }, (client) => {
  const target = connect({ ...place(far!), ...options })
  client.on('error', () => target.destroy())
  target.on('error', () => client.destroy())
  carry(target, client)
  // Connecting takes a round trip too: nothing is sent before it is over.
  setTimeout(() => {
    carry(client, target)
    client.resume()
  }, roundTripMs)
})
server.listen(place(near!))
await once(server, 'listening')
const at = server.address() as AddressInfo | string
process.stdout.write(`listening on ${typeof at === 'string' ? at : at.port}\n`)

/** Every byte arrives `delayMs` after it was sent; the rate is what the receiver takes. */
function carry(from: Socket, to: Socket): void {
  const deliver = (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause()
  }
  // Timers of one duration fire in the order in which they were set.
  from.on('data', (chunk) => setTimeout(deliver, delayMs, chunk))
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  to.on('drain', () => from.resume())
}
