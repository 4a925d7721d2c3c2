import { messageOf, systemCode } from '../../base/errors.ts'

/** A failed system call, reduced to what can be handed from thread to thread. */
export interface SystemError {
  /** The system's name of it, such as ENOENT. */
  readonly code: string | undefined
  /** What the system says of it, without the call and the path that Node adds. */
  readonly message: string
}

/** Reduces anything caught around a system call. */
export function systemErrorOf(error: unknown): SystemError {
  const code = systemCode(error)
  const message = messageOf(error)
  return { code, message: code === undefined ? message : message.replace(/, .*$/s, '') }
}

/** Makes an error of it again. */
export function errorOf({ code, message }: SystemError): Error {
  return Object.assign(new Error(message), { code })
}

/** Not there, or no longer what it was a moment ago: a directory, or not a link. */
export function isGone({ code }: SystemError): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP'
}

/** There, but closed to us. */
export function isForbidden({ code }: SystemError): boolean {
  return code === 'EACCES' || code === 'EPERM'
}

/** There, but no link, though it was to be read as one. */
export function isNoLink({ code }: SystemError): boolean {
  return code === 'EINVAL'
}

/** Another directory is where it was, or it is somewhere else now. */
export function isMoved({ code }: SystemError): boolean {
  return code === 'EXDEV'
}
