import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { systemCode } from '../../base/errors.ts'

const prefix = '.buildkit-client'
const secret = randomBytes(8).toString('hex')
let names = 0

/**
 * A name for what is not complete yet, of which the daemon can know nothing beforehand. It says whose it is, so that
 * {@link removeAbandoned} can tell what a process that was killed has left behind.
 */
export function stagingName(): string {
  return `${prefix}-${machine()}-${process.pid}-${started}-${secret}-${++names}`
}

const pattern = new RegExp(`^${prefix.replace('.', '\\.')}-([0-9a-f]{8})-(\\d+)-(\\d+)-[0-9a-f]{16}-\\d+$`)

/** True for a staging name of a process that ran on this machine and is there no more. */
function isAbandoned(name: string): boolean {
  const [, owner, pid, start] = pattern.exec(name) ?? []
  if (owner !== machine()) return false
  if (Number(pid) === process.pid) return Math.abs(Number(start) - started) > clockSlackSeconds
  return !isAlive(Number(pid))
}

/** Removes what processes that were killed have left in a directory. Never throws: it is a service, not the task. */
export async function removeAbandoned(directory: {
  names(): Promise<string[]>
  pathOf(name: string): string | Buffer
}): Promise<void> {
  const names = await directory.names().catch(() => [])
  for (const name of names) if (isAbandoned(name)) await unlink(directory.pathOf(name)).catch(() => {})
}

/** When this process started: process ids are used again, in containers all the time. */
const started = Math.round(Date.now() / 1000 - process.uptime())
const clockSlackSeconds = 5

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

let known: string | undefined

/** Names the host, its boot and the process namespace: ids from another one say nothing of a process here. */
function machine(): string {
  known ??= createHash('sha256')
    .update(
      [hostname(), readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')), namespace()].join(
        '\0',
      ),
    )
    .digest('hex')
    .slice(0, 8)
  return known
}

function namespace(): string {
  return readOr(() => readlinkSync('/proc/self/ns/pid'))
}

/** Empty on systems without it. */
function readOr(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
