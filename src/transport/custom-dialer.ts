import type { Duplex } from 'node:stream'
import { invalidOption } from '../base/errors.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import { networkError } from '../network/failure.ts'
import type { Dialer } from './route.ts'

/**
 * A caller's dialer as the other dialers are: it rejects with UNREACHABLE where it fails, with INVALID_OPTION
 * where it returns something else than a Duplex, and with the signal's reason as soon as that comes, also
 * when the caller's function does not listen to it. A stream that arrives too late is destroyed.
 */
export function customDialer(dial: Dialer, description: string): Dialer {
  return async (signal) => {
    signal.throwIfAborted()
    const dialled = called(dial, description, signal)
    try {
      return await unlessAborted(dialled, signal)
    } catch (error) {
      dialled.then(
        (stream) => stream.destroy(),
        () => {},
      )
      throw error
    }
  }
}

async function called(dial: Dialer, description: string, signal: AbortSignal): Promise<Duplex> {
  const stream = await opened(dial, description, signal)
  if (!isDuplex(stream))
    throw invalidOption('address', { expected: 'a dialer that returns a Duplex', received: stream })
  return stream
}

async function opened(dial: Dialer, description: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await dial(signal)
  } catch (error) {
    throw networkError(error, description)
  }
}

function isDuplex(value: unknown): value is Duplex {
  const { read, write, destroy } = (value ?? {}) as Partial<Duplex>
  return [read, write, destroy].every((method) => typeof method === 'function')
}
