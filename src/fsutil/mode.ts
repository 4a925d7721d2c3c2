/**
 * The bits of Go's `os.FileMode`, which is what `Stat.mode` carries (golang/go `io/fs/fs.go`). All values
 * are unsigned 32-bit numbers; the low nine bits are the permissions as POSIX has them.
 */
export const GoMode = {
  directory: 0x80000000,
  append: 0x40000000,
  exclusive: 0x20000000,
  temporary: 0x10000000,
  symlink: 0x08000000,
  device: 0x04000000,
  namedPipe: 0x02000000,
  socket: 0x01000000,
  setuid: 0x00800000,
  setgid: 0x00400000,
  /** Set together with `device`. */
  characterDevice: 0x00200000,
  sticky: 0x00100000,
  irregular: 0x00080000,
  permissions: 0x1ff,
} as const

/** A Go mode with none of these is a regular file. */
const typeBits =
  GoMode.directory |
  GoMode.symlink |
  GoMode.namedPipe |
  GoMode.socket |
  GoMode.device |
  GoMode.characterDevice |
  GoMode.irregular

/** The Go mode of a POSIX `st_mode`. A type POSIX does not name becomes `irregular`. */
export function goMode(posixMode: number): number {
  let mode = posixMode & GoMode.permissions
  mode |= goTypes.get(posixMode & PosixMode.type) ?? GoMode.irregular
  if ((posixMode & PosixMode.setuid) !== 0) mode |= GoMode.setuid
  if ((posixMode & PosixMode.setgid) !== 0) mode |= GoMode.setgid
  if ((posixMode & PosixMode.sticky) !== 0) mode |= GoMode.sticky
  return mode >>> 0
}

/** The POSIX `st_mode` of a Go mode; type 0 for `irregular`. Bits POSIX does not have are dropped. */
export function posixMode(goMode: number): number {
  let mode = goMode & GoMode.permissions
  mode |= posixTypes.get((goMode & typeBits) >>> 0) ?? 0
  if ((goMode & GoMode.setuid) !== 0) mode |= PosixMode.setuid
  if ((goMode & GoMode.setgid) !== 0) mode |= PosixMode.setgid
  if ((goMode & GoMode.sticky) !== 0) mode |= PosixMode.sticky
  return mode
}

/** True for a Go mode without any type bit. */
export function isRegular(goMode: number): boolean {
  return (goMode & typeBits) === 0
}

/** True for a Go mode of a directory. */
export function isDirectory(goMode: number): boolean {
  return (goMode & GoMode.directory) !== 0
}

/** True for a Go mode of a symbolic link. */
export function isSymlink(goMode: number): boolean {
  return (goMode & GoMode.symlink) !== 0
}

/** `st_mode` as POSIX and Linux have it (`sys/stat.h`). Node's own constants lack some of these on Windows. */
const PosixMode = {
  type: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  regular: 0o100000,
  blockDevice: 0o060000,
  directory: 0o040000,
  characterDevice: 0o020000,
  namedPipe: 0o010000,
  setuid: 0o4000,
  setgid: 0o2000,
  sticky: 0o1000,
} as const

const goTypes: ReadonlyMap<number, number> = new Map<number, number>([
  [PosixMode.regular, 0],
  [PosixMode.directory, GoMode.directory],
  [PosixMode.symlink, GoMode.symlink],
  [PosixMode.blockDevice, GoMode.device],
  [PosixMode.characterDevice, GoMode.device | GoMode.characterDevice],
  [PosixMode.namedPipe, GoMode.namedPipe],
  [PosixMode.socket, GoMode.socket],
])

const posixTypes: ReadonlyMap<number, number> = new Map(
  Array.from(goTypes, ([posix, go]): [number, number] => [go >>> 0, posix]),
)
