// A session that serves a directory, in a process of its own: `node --import tsx health-server.ts SOCKET DIRECTORY`.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileSync } from '../src/session/files/file-sync.ts'
import { Services } from '../src/session/services.ts'
import { Session } from '../src/session/session.ts'

const [socket = '', directory = ''] = process.argv.slice(2)
const session = new Session({
  services: new Services([{ source: 'localDirs', attachable: fileSync({ context: directory }) }]),
})
// The session is lost when the daemon's side hangs up: that is the end of the measurement.
await session.run(connected).catch(() => {})

async function connected(): Promise<Socket> {
  const stream = connect(socket)
  await once(stream, 'connect')
  return stream
}
