// A session that serves a directory, in a process of its own: `node health-server.mjs SOCKET DIRECTORY`.
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileSync } from '../dist/session/file-sync.js'
import { Session } from '../dist/session/session.js'

const [socket, directory] = process.argv.slice(2)
const session = new Session({ attachables: [fileSync({ context: directory })] })
// The session is lost when the daemon's side hangs up: that is the end of the measurement.
await session.run(connected).catch(() => {})

async function connected() {
  const stream = connect(socket)
  await once(stream, 'connect')
  return stream
}
