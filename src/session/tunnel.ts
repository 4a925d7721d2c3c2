import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { BuildkitError } from '../base/errors.ts'
import type { ClientCall } from '../grpc/client.ts'
import { FrameFilter, type OnReset } from '../grpc/frame-filter.ts'
import { streamReset } from '../grpc/server.ts'
import { bytesMessageHeader, payloads } from './bytes-message.ts'

/** Written bytes are cut into messages of this size: old daemons take 4 MiB at most. */
const maxChunkBytes = 1 << 20

/** The stream of `Control.Session` on which a session is served, as the HTTP/2 of Node can read it. */
export function sessionTunnel(call: ClientCall): Duplex {
  const duplex: Duplex = callAsDuplex(
    call,
    filtered(payloads(call.pieces()), (stream, code) => duplex.emit(streamReset, stream, code)),
  )
  return duplex
}

async function* filtered(
  batches: AsyncIterable<readonly Buffer[]>,
  onReset: OnReset,
): AsyncGenerator<readonly Buffer[], void> {
  const filter = new FrameFilter(onReset)
  for await (const batch of batches) {
    const passed = batch.flatMap((bytes) => filter.push(bytes))
    if (passed.length > 0) yield passed
  }
}

/**
 * `Control.Session` as a byte stream: each `BytesMessage` carries the next piece of an HTTP/2 connection, and
 * its boundaries mean nothing.
 */
export function callAsDuplex(call: ClientCall, incoming = payloads(call.pieces())): Duplex {
  return new Duplex({
    // Node's HTTP/2 hands over what is ready in one go; more buffering here would only add delay.
    writableHighWaterMark: maxChunkBytes,
    read() {
      incoming.next().then(
        ({ value = [null] }) => {
          for (const bytes of value) this.push(bytes)
        },
        (error) => this.destroy(error),
      )
    },
    write(chunk: Buffer, _encoding, done) {
      written(call, [chunk]).then(() => done(), done)
    },
    writev(chunks, done) {
      written(
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

/** A call that cannot be written to is over; why, it knows a little later. */
async function written(call: ClientCall, chunks: readonly Buffer[]): Promise<void> {
  const { signal } = call
  try {
    await sendBytes(call, chunks)
  } catch {
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  }
}

async function sendBytes(call: ClientCall, chunks: readonly Buffer[]): Promise<void> {
  let parts: Buffer[] = []
  let length = 0
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += maxChunkBytes) {
      const part = chunk.subarray(start, start + maxChunkBytes)
      if (length + part.length > maxChunkBytes) {
        await call.send(bytesMessageHeader(length), ...parts)
        parts = []
        length = 0
      }
      parts.push(part)
      length += part.length
    }
  }
  if (length > 0) await call.send(bytesMessageHeader(length), ...parts)
}
