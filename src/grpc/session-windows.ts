import type { ServerHttp2Session } from 'node:http2'
import { windowBytes } from './http2-options.ts'

/** What the daemons may have sent, on all sessions of this process together, before anything of it is read. */
const budgetBytes = 32 << 20
/** A session has no less than this; at 40 ms it moves some 50 MiB/s. */
const leastBytes = 4 << 20

const sessions = new Set<ServerHttp2Session>()

/** The window of one more session, to begin with: halved at the third one, and at the fifth. */
export function sessionWindow(): number {
  return share(sessions.size + 1)
}

/**
 * Gives a session its share of the budget until it is closed: an export that nobody takes holds a whole window in
 * memory, and there may be one in every build.
 */
export function shareWindows(session: ServerHttp2Session): void {
  sessions.add(session)
  session.once('close', () => {
    sessions.delete(session)
    for (const other of sessions) adjust(other)
  })
  session.on('localSettings', () => adjust(session))
  for (const one of sessions) adjust(one)
}

function share(count: number): number {
  for (let bytes = windowBytes; ; bytes /= 2)
    if (bytes * count <= budgetBytes || bytes <= leastBytes) return bytes
}

/** A connection keeps the window that it has been given, as far as it has not been used; its streams get the new one. */
function adjust(session: ServerHttp2Session): void {
  const bytes = share(sessions.size)
  // A daemon that has not yet acknowledged the last change is asked again when it has: Node allows ten on the way.
  if (session.destroyed || session.closed || session.pendingSettingsAck) return
  if (session.state.effectiveLocalWindowSize !== bytes) session.setLocalWindowSize(bytes)
  if (session.localSettings.initialWindowSize !== bytes) session.settings({ initialWindowSize: bytes })
}
