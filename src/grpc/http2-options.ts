import type { Http2Session } from 'node:http2'
import type { Duplex } from 'node:stream'

/**
 * How much the other side may send before we must have read it, per stream and per connection. Node's
 * default of 64 KiB moves 0.8 MiB/s over a link of 40 ms; 16 MiB on every layer moves 110 MiB/s, 8 MiB 85.
 */
export const windowBytes = 16 << 20

/** The largest message either way, as the daemon and the Go client have it (containerd `defaults`). */
export const maxMessageBytes = 16 << 20

/**
 * Node refuses streams when a connection holds more than this many megabytes; flow control bounds ours
 * already, and a refused health check would end the session.
 */
export const sessionMemoryMegabytes = 1024

/** Opens the connection's own window; the `initialWindowSize` setting is about streams only. */
export function widenConnection(session: Http2Session): void {
  session.setLocalWindowSize(windowBytes)
}

/** Ends a connection whose other side has ended: of a stream that is no socket, Node waits for its close. */
export function closeAtEnd(duplex: Duplex, session: Http2Session, closed: Promise<unknown>): void {
  duplex.once('end', () => endConnection(duplex, session, closed))
}

/** For what is still being written when a connection is ended. */
const lastWriteMs = 1_000

/**
 * Ends a connection and every call on it, after which `closed` settles. Node waits for what is being written, which
 * another side that has stopped reading never takes: after `graceMs` its stream is destroyed.
 */
export function endConnection(
  duplex: Duplex,
  session: Http2Session,
  closed: Promise<unknown>,
  graceMs = lastWriteMs,
): void {
  outsideOfReading(() => session.destroy())
  const timer = setTimeout(() => duplex.destroy(), graceMs)
  void closed.then(() => clearTimeout(timer))
}

/**
 * Runs what resets a stream or ends a connection, but not while Node hands us what it is reading, which is also
 * when promises settle: a reset from in there frees memory that the reading still uses, and an assertion
 * ends the process (nodejs/node#38964).
 */
export function outsideOfReading(action: () => void): void {
  setImmediate(action)
}
