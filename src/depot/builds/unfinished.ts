import { notify } from '../../base/callback.ts'
import { emitWarning, type OnWarning, type Warning } from '../../base/warning.ts'

interface Entry {
  readonly buildId: string
  readonly onWarning: OnWarning
}

const open = new Set<Entry>()

/**
 * Warns with UNFINISHED_BUILD when the process comes to its end while the build is open. Returns what takes it back;
 * with the last one our listeners are gone.
 */
export function warnIfUnfinished(buildId: string, onWarning: OnWarning): () => void {
  const entry = { buildId, onWarning }
  if (open.size === 0) process.on('beforeExit', warn).on('exit', warnAtExit)
  open.add(entry)
  return () => {
    open.delete(entry)
    if (open.size === 0) process.off('beforeExit', warn).off('exit', warnAtExit)
  }
}

/** A program that has nothing left to do. */
function warn(): void {
  for (const { buildId, onWarning } of open) notify('onWarning', onWarning, unfinished(buildId))
  forgetAll()
}

/** A program that calls `process.exit()`: Node's own warnings would come too late. */
function warnAtExit(): void {
  for (const { buildId, onWarning } of open) {
    const warning = unfinished(buildId)
    if (onWarning === emitWarning) process.stderr.write(`(${warning.code}) ${warning.message}\n`)
    else notify('onWarning', onWarning, warning)
  }
  forgetAll()
}

/** Each is named once, also where the application finds more to do. */
function forgetAll(): void {
  open.clear()
  process.off('beforeExit', warn).off('exit', warnAtExit)
}

function unfinished(buildId: string): Warning {
  return {
    code: 'UNFINISHED_BUILD',
    message:
      `the process ends while Depot build ${buildId} is open, and Depot learns no outcome: ` +
      'create it with await using, or call finish() or depot.close()',
  }
}
