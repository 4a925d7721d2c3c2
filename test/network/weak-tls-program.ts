// Prints what becomes of TLS with the server on the port given as first argument, whose authority is not known: with options
// of ours, then without.
import { openSocket } from '../../src/network/socket.ts'
import { openTls, type TlsPeer } from '../../src/network/tls.ts'
import { loadTls } from '../../src/network/tls-options.ts'

const [, , port, ca] = process.argv
const { signal } = new AbortController()

for (const options of [{ ca }, {}, undefined]) {
  const identity = options && (await loadTls(options))
  const peer: TlsPeer = { host: '127.0.0.1', description: 'it', protocols: ['h2'], identity }
  const stream = await openSocket({ host: '127.0.0.1', port: Number(port) }, 'it', signal)
  const outcome = await openTls(stream, peer, signal).then(
    (socket) => socket.destroy() && 'accepted',
    (error) => error.code,
  )
  console.log(outcome)
}
