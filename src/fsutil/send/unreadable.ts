import { BuildkitError } from '../../base/errors.ts'
import { type ByteString, textOf } from '../byte-string.ts'
import { errorOf, type SystemError } from '../disk/system-error.ts'

/** CONTEXT_FAILED for what is to be sent and cannot be read. The root's path is ''. */
export function unreadable(path: ByteString, error: SystemError): BuildkitError {
  const what = path === '' ? 'the root of the context' : quoted(path)
  return new BuildkitError('CONTEXT_FAILED', `cannot read ${what}: ${error.message}`, {
    subject: textOf(path),
    advice: 'Make it readable, or exclude it in .dockerignore',
    cause: errorOf(error),
  })
}

/** A path as it stands in messages. */
export function quoted(path: ByteString): string {
  return JSON.stringify(textOf(path))
}
