import { type BuildkitError, type ErrorCode, isBuildkitError } from '../base/errors.ts'
import type { SolveError } from '../solve/failure/solve-error.ts'

/** How the process ends. `--help` and `docs/cli.md` list them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  noDaemon: 3,
  /** What shells report for a program that Ctrl-C has ended. */
  cancelled: 130,
} as const

/** What each of them means, for people. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'the build or the request failed',
  usage: 'the command line cannot be used, here or with this daemon',
  noDaemon: 'no daemon: none found, not reachable, or lost on the way',
  cancelled: 'cancelled by Ctrl-C, SIGTERM or SIGHUP',
}

/** The exit code for what a command has thrown. */
export function exitCodeOf(error: unknown): number {
  if (!isBuildkitError(error)) return exitCodes.failed
  const outcome = outcomes[error.code] ?? 'failed'
  // A daemon that has answered is there: what it could not reach is a registry, say.
  return exitCodes[outcome === 'noDaemon' && hasAnswer(error) ? 'failed' : outcome]
}

function hasAnswer(error: BuildkitError): boolean {
  return (error as Partial<SolveError>).grpcCode !== undefined
}

/** All others have failed. */
const outcomes: Readonly<Partial<Record<ErrorCode, keyof typeof exitCodes>>> = {
  INVALID_OPTION: 'usage',
  UNSUPPORTED: 'usage',
  NO_DAEMON: 'noDaemon',
  UNREACHABLE: 'noDaemon',
  TLS_FAILED: 'noDaemon',
  TIMEOUT: 'noDaemon',
  CONNECTION_LOST: 'noDaemon',
  SESSION_LOST: 'noDaemon',
  CANCELLED: 'cancelled',
}
