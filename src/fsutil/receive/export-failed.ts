import { BuildkitError, isBuildkitError, messageOf, systemCode } from '../../base/errors.ts'

/**
 * EXPORT_FAILED for a file, directory or stream that cannot be written, with what went wrong as the cause. An
 * error of ours stays as it is.
 */
export function exportFailed(target: string, cause: unknown): BuildkitError {
  if (isBuildkitError(cause)) return cause
  return new BuildkitError('EXPORT_FAILED', `cannot write ${target}: ${reason(cause)}`, {
    subject: target,
    cause,
  })
}

/** Turns what an action on a target throws into {@link exportFailed}. */
export async function writing<T>(target: string, action: Promise<T>): Promise<T> {
  try {
    return await action
  } catch (error) {
    throw exportFailed(target, error)
  }
}

/** Of a system error without the call and the path, which may be one of descriptors. */
function reason(error: unknown): string {
  const message = messageOf(error)
  return systemCode(error) === undefined ? message : message.replace(/, \w+( '.*)?$/s, '')
}
