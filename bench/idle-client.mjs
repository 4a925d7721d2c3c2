// One idle connection of the built package: prints the milliseconds of CPU that so many seconds of it took.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../dist/index.js'

const [address, seconds, livenessTimeoutMs] = process.argv.slice(2)
const buildkit = await connect(address, { livenessTimeoutMs: Number(livenessTimeoutMs) })
// What starting and connecting have left to do is not the connection's.
await sleep(1_000)
const before = process.cpuUsage()
await sleep(1_000 * Number(seconds))
const { user, system } = process.cpuUsage(before)
process.stdout.write(`${(user + system) / 1000}\n`)
await buildkit.close()
