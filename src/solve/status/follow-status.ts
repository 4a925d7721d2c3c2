import { BuildkitError } from '../../base/errors.ts'
import { moby } from '../../gen/buildkit.js'
import type { RpcClient } from '../../grpc/client.ts'
import { RpcError } from '../../grpc/status.ts'
import { decodeStatus } from './decode-status.ts'
import type { SolveStatus } from './status.ts'

const method = '/moby.buildkit.v1.Control/Status'

/**
 * Once the solve has returned, the status stream may stay silent this long before it is given up
 * (moby/buildkit `client/solve.go`). The last messages of a failed build arrive within it.
 */
const silenceMs = 5_000

/** The status stream of a build, being read. */
export interface StatusFollowing {
  /** Settles when the stream has ended. The solve has returned: it is given up once it stays silent. */
  end(): Promise<void>
  /** Gives the stream up at once. */
  stop(): Promise<void>
}

export interface StatusFollowingOptions {
  /** The build's id at the daemon. */
  readonly ref: string
  /** Gets each message with its size in bytes. */
  readonly onStatus: (status: SolveStatus, bytes: number) => void
  /** Gets what makes the build fail: a message that is malformed. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Reads the status of a build until the stream ends. One that the daemon ends early costs the build its status, not its
 * result: a daemon that does not know the ref yet or any more answers NotFound.
 */
export function followStatus(
  rpc: RpcClient,
  { ref, onStatus, onFailure }: StatusFollowingOptions,
): StatusFollowing {
  const request = moby.buildkit.v1.StatusRequest.encode({ Ref: ref }).finish()
  const silent = new AbortController()
  const giveUp = () => silent.abort()
  let silence: NodeJS.Timeout | undefined
  const reading = (async () => {
    const call = rpc.serverStream(method, request, { signal: silent.signal })
    for await (const message of call.messages) {
      silence?.refresh()
      onStatus(decodeStatus(message), message.length)
    }
  })().catch((error) => {
    if (!endsStatusOnly(error)) onFailure(error)
  })
  return {
    async end() {
      silence = setTimeout(giveUp, silenceMs)
      await reading
      clearTimeout(silence)
    },
    async stop() {
      giveUp()
      await reading
    },
  }
}

/** What ends the whole connection ends the solve too, which tells it better. */
function endsStatusOnly(error: unknown): boolean {
  return error instanceof RpcError || (error instanceof BuildkitError && error.code === 'CONNECTION_LOST')
}
