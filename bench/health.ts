import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { checkout } from '../scripts/parts/cache.ts'
import { isRegular } from '../src/fsutil/mode.ts'
import { decodePacket, encodeRequest, fin, PacketType } from '../src/fsutil/packet.ts'
import { RpcClient } from '../src/grpc/client.ts'
import { tempDir } from '../test/support/temp.ts'

/** How long a session took to answer health checks while it walked and sent a directory. */
export interface HealthFigures {
  readonly checks: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly longestMs: number
}

const betweenChecksMs = 5

/**
 * Asks a session for its health all the while it sends a directory whole, as a daemon would. The session is a
 * process of its own; the times are those seen from here.
 */
export async function measureHealth(directory: string): Promise<HealthFigures> {
  await using folder = await tempDir()
  const path = join(folder.path, 'session.sock')
  const listener = createServer()
  listener.listen(path)
  await once(listener, 'listening')
  const program = join(checkout, 'bench/health-server.ts')
  const args = ['--import', import.meta.resolve('tsx'), program, path, directory]
  const server = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [socket] = (await once(listener, 'connection')) as [Socket]
  const daemon = new RpcClient(socket, { authority: 'localhost', scheme: 'http' })
  await daemon.ready
  const transfer = receiveAll(daemon)
  const times = await timeChecks(daemon, transfer)
  daemon.close()
  listener.close()
  await once(server, 'exit')
  return figuresOf(times)
}

/** So many files are asked for at a time: two ends that both write without reading would wait for each other. */
const filesAtOnce = 256

/** Asks for every file, and throws what comes away. */
async function receiveAll(daemon: RpcClient): Promise<void> {
  const call = daemon.open('/moby.filesync.v1.FileSync/DiffCopy', { metadata: { 'dir-name': 'context' } })
  const wanted: number[] = []
  let entries = 0
  let asked = 0
  let arrived = 0
  let listed = false
  for await (const message of call.messages) {
    const packet = decodePacket(message)
    if (packet.type === PacketType.stat) {
      if (packet.stat === undefined) listed = true
      else if (isRegular(packet.stat.mode)) wanted.push(entries)
      if (packet.stat !== undefined) entries++
    } else if (packet.type === PacketType.data && packet.data.length === 0) arrived++
    while (asked < wanted.length && asked - arrived < filesAtOnce)
      await call.send(encodeRequest(wanted[asked++]!))
    if (listed && arrived === wanted.length) {
      listed = false
      await call.send(fin)
    }
  }
}

async function timeChecks(daemon: RpcClient, until: Promise<void>): Promise<number[]> {
  const times: number[] = []
  let over = false
  const end = until.finally(() => {
    over = true
  })
  while (!over) {
    const asked = performance.now()
    await daemon.unary('/grpc.health.v1.Health/Check', new Uint8Array())
    times.push(performance.now() - asked)
    await new Promise((resolve) => setTimeout(resolve, betweenChecksMs))
  }
  await end
  return times
}

function figuresOf(times: readonly number[]): HealthFigures {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { checks: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), longestMs: sorted.at(-1) ?? 0 }
}
