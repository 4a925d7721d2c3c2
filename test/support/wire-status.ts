import { moby } from '../../src/gen/buildkit.js'

const { StatusResponse } = moby.buildkit.v1

/** What the daemon sends for a status message. */
export function wireStatus(status: Parameters<typeof StatusResponse.encode>[0]): Uint8Array {
  return StatusResponse.encode(status).finish()
}
