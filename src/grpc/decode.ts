import { BuildkitError } from '../base/errors.ts'

/** Decodes a message that the other side sent, with generated code; throws PROTOCOL_ERROR for anything else. */
export function decode<T>(type: { decode(bytes: Uint8Array): T }, what: string, bytes: Uint8Array): T {
  try {
    return type.decode(bytes)
  } catch (cause) {
    throw new BuildkitError('PROTOCOL_ERROR', `the daemon sent a malformed ${what}`, { subject: what, cause })
  }
}
