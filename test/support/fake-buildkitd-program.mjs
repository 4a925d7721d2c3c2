// A stand-in for the buildkitd program: takes its flags, says what the test wants, and listens or ends.
// FAKE_BUSY: how many of the numbered state folders are locked. FAKE_SAYS: what to say before ending.
// FAKE_DEAF: does not listen. FAKE_DOOMED: accepts one connection, says this and ends.
import http2 from 'node:http2'
import net from 'node:net'
import { basename } from 'node:path'

const flags = new Map(process.argv.slice(2).map((flag) => flag.split('=')))
const root = flags.get('--root')
const { FAKE_BUSY = '0', FAKE_SAYS, FAKE_DEAF, FAKE_DOOMED } = process.env
const socket = flags.get('--addr').slice('unix://'.length)
if (Number(basename(root)) <= Number(FAKE_BUSY)) {
  process.stderr.write(
    `buildkitd: could not lock ${root}/buildkitd.lock, another instance running?\nmain.main\n\t/x.go:1\n`,
  )
  process.exit(1)
}
process.stderr.write(FAKE_SAYS ?? `${process.argv.slice(2).join(' ')}\n`)
if (FAKE_SAYS !== undefined) process.exit(1)
if (FAKE_DOOMED !== undefined)
  net
    .createServer(() => {
      process.stderr.write(FAKE_DOOMED, () => process.exit(1))
    })
    .listen(socket)
else if (FAKE_DEAF === undefined) http2.createServer().listen(socket)
else setInterval(() => {}, 1000)
process.once('SIGTERM', () => process.exit(0))
