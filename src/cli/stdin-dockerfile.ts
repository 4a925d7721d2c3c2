import { addAbortSignal, type Readable } from 'node:stream'
import { BuildkitError, invalidOption, messageOf } from '../base/errors.ts'

/** Far beyond any Dockerfile; as much as one message of the control API holds. */
const maxBytes = 16 << 20

/** Reads a whole Dockerfile from standard input. Throws INVALID_OPTION for none, CANCELLED. */
export async function readDockerfile(stdin: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      const bytes = Buffer.from(chunk)
      length += bytes.length
      if (length > maxBytes) break
      chunks.push(bytes)
    }
  } catch (cause) {
    if (signal.aborted) throw cancelled(signal)
    throw unusable(messageOf(cause), cause)
  }
  if (length > maxBytes) throw unusable(`more than ${maxBytes} bytes`)
  if (length === 0) throw unusable('nothing')
  return Buffer.concat(chunks)
}

function unusable(received: string, cause?: unknown): BuildkitError {
  const expected = 'a Dockerfile on standard input'
  return invalidOption('--file', { expected, received, ...(cause === undefined ? {} : { cause }) })
}

function cancelled({ reason }: AbortSignal): BuildkitError {
  return new BuildkitError('CANCELLED', 'reading standard input was cancelled', {
    received: messageOf(reason),
    cause: reason,
  })
}
