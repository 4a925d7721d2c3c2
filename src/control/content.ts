import { createHash } from 'node:crypto'
import { isDigest } from '../base/digest.ts'
import { BuildkitError } from '../base/errors.ts'
import { readBounded } from '../base/read-bounded.ts'
import { containerd } from '../gen/buildkit.js'
import { decode } from '../grpc/decode.ts'
import { type Queried, type QueryOptions, queryStream } from './query.ts'

const { ReadContentRequest, ReadContentResponse } = containerd.services.content.v1

/** Names a blob of the daemon's content store. */
export interface BlobDescriptor {
  /** Such as `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
  /** In bytes, as announced. */
  readonly size: number
}

export interface ReadBlobOptions extends QueryOptions {
  /** A larger blob is refused with TOO_LARGE, in part before it is read. */
  readonly maxBytes: number
}

/**
 * Reads a blob whole and compares its digest. Throws TOO_LARGE, PROTOCOL_ERROR for other bytes than the digest names,
 * RPC_FAILED, TIMEOUT, CONNECTION_LOST or CANCELLED.
 */
export async function readBlob(
  connection: Queried,
  { digest, size }: BlobDescriptor,
  { maxBytes, ...options }: ReadBlobOptions,
): Promise<Buffer> {
  if (!isDigest(digest)) throw wrongBytes(digest)
  if (size > maxBytes) throw tooLarge(digest, maxBytes, size)
  const request = ReadContentRequest.encode({ digest }).finish()
  const method = '/containerd.services.content.v1.Content/Read'
  const bytes = await readBounded(dataOf(queryStream(connection, method, request, options)), maxBytes)
  if (bytes === undefined) throw tooLarge(digest, maxBytes, undefined)
  if (digestOf(bytes, digest) !== digest) throw wrongBytes(digest)
  return bytes
}

async function* dataOf(replies: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
  for await (const reply of replies) yield decode(ReadContentResponse, 'ReadContentResponse', reply).data
}

function digestOf(bytes: Uint8Array, like: string): string {
  const [algorithm = ''] = like.split(':')
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function tooLarge(digest: string, maxBytes: number, size: number | undefined): BuildkitError {
  return new BuildkitError('TOO_LARGE', `blob ${digest} of the daemon is too large`, {
    subject: digest,
    expected: `at most ${maxBytes} bytes`,
    received: size === undefined ? 'more' : `${size} bytes`,
  })
}

function wrongBytes(digest: string): BuildkitError {
  return new BuildkitError('PROTOCOL_ERROR', 'the daemon sent a blob that is not what its digest names', {
    subject: digest.slice(0, 200),
  })
}
