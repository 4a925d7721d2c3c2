import { BuildkitError } from '../base/errors.ts'
import { BufferReader } from '../gen/buildkit.js'

/** Generated code for one type of message. */
export interface Decoder<T> {
  decode(reader: BufferReader): T
}

/**
 * In one message, those of the messages inside it included. A field can be two bytes and becomes an object of a hundred:
 * 16 MiB of them would hold the event loop for half a minute. Four MiB of log lines have half as many.
 */
const maxFields = 1 << 19

/** Decodes a message that the other side sent, with generated code; throws PROTOCOL_ERROR for anything else. */
export function decode<T>(type: Decoder<T>, what: string, bytes: Uint8Array): T {
  try {
    return type.decode(new BoundedReader(bytes))
  } catch (cause) {
    throw new BuildkitError('PROTOCOL_ERROR', `the daemon sent a malformed ${what}`, {
      subject: what,
      ...(cause === tooManyFields && { received: tooManyFields.message }),
      cause,
    })
  }
}

/** Made once: where it is thrown says nothing. */
const tooManyFields = new RangeError(`more than ${maxFields} fields`)

class BoundedReader extends BufferReader {
  #fields = 0

  constructor(bytes: Uint8Array) {
    super(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  override tag(): number {
    if (++this.#fields > maxFields) throw tooManyFields
    return super.tag()
  }
}
