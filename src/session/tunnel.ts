import { Duplex } from 'node:stream'
import { BuildkitError } from '../base/errors.ts'
import type { ClientCall } from '../grpc/client.ts'

/** Field 1 of `BytesMessage`, length-delimited. */
const dataTag = 0x0a
/** Written bytes are cut into messages of this size: old daemons take 4 MiB at most. */
const maxChunkBytes = 1 << 20

/**
 * `Control.Session` as a byte stream: each `BytesMessage` carries the next piece of an HTTP/2 connection, and
 * its boundaries mean nothing.
 */
export function callAsDuplex(call: ClientCall): Duplex {
  const incoming = call.messages[Symbol.asyncIterator]()
  return new Duplex({
    // Node's HTTP/2 hands over what is ready in one go; more buffering here would only add delay.
    writableHighWaterMark: maxChunkBytes,
    read() {
      nextPayload(incoming).then(
        (payload) => this.push(payload),
        (error) => this.destroy(error),
      )
    },
    write(chunk: Buffer, _encoding, done) {
      sendBytes(call, [chunk]).then(() => done(), done)
    },
    writev(chunks, done) {
      sendBytes(
        call,
        chunks.map(({ chunk }) => chunk as Buffer),
      ).then(() => done(), done)
    },
    final(done) {
      call.halfClose()
      done()
    },
    destroy(error, done) {
      call.cancel(error ?? new BuildkitError('CLOSED', 'the session was closed'))
      done(error)
    },
  })
}

/** The next bytes, or null at the end. Empty messages are skipped: pushing nothing would end the reading. */
async function nextPayload(messages: AsyncIterator<Buffer>): Promise<Buffer | null> {
  for (;;) {
    const { done, value } = await messages.next()
    if (done === true) return null
    const payload = payloadOf(value)
    if (payload.length > 0) return payload
  }
}

async function sendBytes(call: ClientCall, chunks: readonly Buffer[]): Promise<void> {
  let parts: Buffer[] = []
  let length = 0
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += maxChunkBytes) {
      const part = chunk.subarray(start, start + maxChunkBytes)
      if (length + part.length > maxChunkBytes) {
        await call.send(header(length), ...parts)
        parts = []
        length = 0
      }
      parts.push(part)
      length += part.length
    }
  }
  if (length > 0) await call.send(header(length), ...parts)
}

function header(length: number): Buffer {
  const bytes = [dataTag]
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** The bytes of a `BytesMessage`, without a copy. */
function payloadOf(message: Buffer): Buffer {
  if (message.length === 0) return message
  let length = 0
  let position = 1
  for (let shift = 0; ; shift += 7) {
    const byte = message[position++]
    if (message[0] !== dataTag || byte === undefined || shift > 28) throw malformed()
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (position + length > message.length) throw malformed()
  return message.subarray(position, position + length)
}

function malformed(): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the session tunnel carries something other than bytes')
}
