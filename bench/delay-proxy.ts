// A link with latency: `delay-proxy.ts <socket to listen on> <daemon's socket> <round trip in ms>`. It runs as
// a process of its own, so that its work counts for neither client, and says `listening` once it does.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

const [path, target, roundTrip] = process.argv.slice(2)
const delayMs = Number(roundTrip) / 2

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ path: target!, allowHalfOpen: true })
  carry(near, far)
  carry(far, near)
})
server.listen(path)
await once(server, 'listening')
process.stdout.write('listening\n')

/** Every byte arrives `delayMs` after it was sent; the rate is what the receiver takes. */
function carry(from: Socket, to: Socket): void {
  const deliver = (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause()
  }
  // Timers of one duration fire in the order in which they were set.
  from.on('data', (chunk) => setTimeout(deliver, delayMs, chunk))
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  from.on('error', () => to.destroy())
  to.on('drain', () => from.resume())
}
