import type { ByteString } from './byte-string.ts'

/** One file system entry as it travels (`fsutil.types.Stat`). */
export interface Stat {
  /** Relative to the root, `/` between names, never empty, no `.` or `..` in it. */
  path: ByteString
  /** Go FileMode bits, unsigned; see `mode.ts`. */
  mode: number
  uid: number
  gid: number
  /** Bytes of a file, length of a symlink's target, 0 for directories. A hint: the data may differ. */
  size: number
  /** Nanoseconds since 1970, a signed 64-bit number. */
  modTime: bigint
  /** A symlink's target; of a further hard link, the path of the first one; else empty. */
  linkname: ByteString
  /** Of device nodes; else 0. */
  devmajor: number
  devminor: number
  /** Extended attributes by name. Absent when there are none. */
  xattrs?: ReadonlyMap<ByteString, Uint8Array>
}
