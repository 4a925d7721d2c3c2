import { messageOf, systemCode } from '../base/errors.ts'

/** Not there, or no longer what it was a moment ago: a directory, or not a link. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')
}

/** There, but closed to us. */
export function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(systemCode(error) ?? '')
}

/** What the system says of the failure, without the call and the path that Node adds. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error)
  return systemCode(error) === undefined ? message : message.replace(/, .*$/s, '')
}
