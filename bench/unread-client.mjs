// Starts builds whose status nobody reads, and prints what that takes: node --expose-gc unread-client.mjs ADDRESS RUNS
import { connect } from '../dist/index.js'

const [address, runs] = process.argv.slice(2)
const memory = () => {
  globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { used: heapUsed + external, rss }
}
const buildkit = await connect(address)
await buildkit.info()
const before = memory()
const building = Array.from({ length: Number(runs) }, () =>
  buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch' } },
  }),
)
await Promise.all(building.map(({ result }) => result))
// The last buffers of a connection are let go of a little later.
await new Promise((resolve) => setTimeout(resolve, 500))
const after = memory()
let bytes = 0
for await (const { logs = [] } of building[0].status) for (const { data } of logs) bytes += data.length
process.stdout.write(
  JSON.stringify({ used: after.used - before.used, rss: after.rss - before.rss, read: bytes }),
)
await buildkit.close()
