import { BuildkitError } from '../base/errors.ts'
import { type ByteString, textOf } from './byte-string.ts'

/*
 * Which paths from the daemon may reach the disk. Every path of a listing passes `assertSafePath` before anything
 * else looks at it; `receive/confined-directory.ts` then keeps what is written below its root, whatever links stand
 * there.
 */

/** Throws UNSAFE_PATH for a path from the daemon that is not {@link isSafePath}. */
export function assertSafePath(path: ByteString): void {
  if (!isSafePath(path)) throw unsafe(path)
}

/**
 * True for a path that is relative, in its shortest form, and stays below where it starts. A backslash or
 * colon rules it out where the system gives it a meaning.
 */
export function isSafePath(path: ByteString): boolean {
  if (path.includes('\0')) return false
  if (process.platform === 'win32' && /[\\:]/.test(path)) return false
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
}

function unsafe(path: ByteString): BuildkitError {
  return new BuildkitError('UNSAFE_PATH', 'the daemon has sent a path that could lead out of its target', {
    subject: textOf(path),
    expected: 'a clean relative path',
    received: JSON.stringify(textOf(path)),
  })
}
