import type { Socket } from 'node:net'
import { onAbort } from '../base/on-abort.ts'

/**
 * Waits for the event by which a socket says that it is ready. On an error, an early end or the signal it is
 * destroyed, and the promise rejects with what `explain` makes of the error, or with the signal's reason.
 */
export function socketReady<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  explain: (error: Error) => Error,
): Promise<S> {
  // Stays: an error between two owners of the socket must not end the process, and an alert of TLS leaves the
  // socket open, where HTTP/2 would wait for ever.
  socket.on('error', () => socket.destroy())
  return new Promise<S>((resolve, reject) => {
    const settle = (act: () => void) => {
      socket.off(event, onReady).off('error', onError).off('close', onClose)
      listener[Symbol.dispose]()
      act()
    }
    const fail = (reason: unknown) => {
      socket.destroy()
      settle(() => reject(reason))
    }
    const onReady = () => settle(() => resolve(socket))
    const onError = (error: Error) => fail(explain(error))
    const onClose = () => fail(explain(new Error('the stream ended')))
    let listener: Disposable = { [Symbol.dispose]() {} }
    socket.on(event, onReady).on('error', onError).on('close', onClose)
    if (signal.aborted) fail(signal.reason)
    else listener = onAbort(signal, fail)
  })
}
