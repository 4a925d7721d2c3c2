import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { type BuildkitError, cancelled, invalidOption, messageOf } from '../base/errors.ts'
import type { Io } from './io.ts'

/** Far beyond any Dockerfile; as much as one message of the control API holds. */
const maxBytes = 16 << 20

/**
 * The Dockerfile that `--file` names, where that is no file that stays: `-` for standard input, or a pipe or device,
 * such as `/dev/stdin` and what a shell makes of `<(command)`. Undefined for any other. Throws INVALID_OPTION for
 * none or too much, CANCELLED.
 */
export async function readPipedDockerfile(
  file: string | undefined,
  io: Pick<Io, 'stdin' | 'cwd'>,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  const path = resolve(io.cwd, file)
  if (file === '-' || standardInput.has(path)) return await readAll(io.stdin, 'standard input', signal)
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return undefined
  return await readAll(createReadStream(path), file, signal)
}

/** Where it is a socket, as it often is for a child process, these cannot be opened. */
const standardInput = new Set(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

async function readAll(source: Readable, name: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of addAbortSignal(signal, source)) {
      const bytes = Buffer.from(chunk)
      length += bytes.length
      if (length > maxBytes) break
      chunks.push(bytes)
    }
  } catch (cause) {
    if (signal.aborted) throw cancelled(`reading ${name}`, signal.reason)
    throw unusable(name, messageOf(cause), cause)
  }
  if (length > maxBytes) throw unusable(name, `more than ${maxBytes} bytes`)
  if (length === 0) throw unusable(name, 'nothing')
  return Buffer.concat(chunks)
}

function unusable(name: string, received: string, cause?: unknown): BuildkitError {
  const expected = `a Dockerfile on ${name}`
  return invalidOption('--file', { expected, received, ...(cause === undefined ? {} : { cause }) })
}
