import type { ByteString } from '../byte-string.ts'
import { openListed, type Root } from './root.ts'
import { chunkBytes, Slab } from './slab.ts'
import type { Procedure } from './system-calls.ts'
import { type SystemError, systemErrorOf } from './system-error.ts'

/** Files that have been asked for, each as it was listed; in columns, which cost little to hand over. */
export interface FileList {
  readonly ids: Uint32Array<ArrayBuffer>
  /** With a NUL between them. */
  readonly paths: ByteString
  readonly sizes: Float64Array<ArrayBuffer>
  readonly devices: BigUint64Array<ArrayBuffer>
  readonly inodes: BigUint64Array<ArrayBuffer>
}

/** What has been read of some files. */
export interface Contents {
  /** DATA packets, in frames. */
  readonly frames: Uint8Array<ArrayBuffer>
  /** How many bytes of files are in them. */
  readonly bytes: number
  /** Files that go on, for {@link readOn}. */
  readonly open: readonly OpenFile[]
  /** Of files that are sent empty, by their place in the list, why: gone, or replaced by something else. */
  readonly missing: ReadonlyMap<number, string>
  /** Of the file that could not be read, its place in the list and why; those behind it have not been tried. */
  readonly failure: { readonly index: number; readonly error: SystemError } | undefined
}

/** A file of which more is to be read. */
export interface OpenFile {
  /** Its place in the list. */
  readonly index: number
  readonly fd: number
  /** How much of it has been read. */
  readonly position: number
}

/** Opens files and reads how they begin, which is all of most. */
export function* read(root: Root, files: FileList, memory?: ArrayBuffer): Procedure<Contents> {
  const paths = files.paths.split('\0')
  const rooms = Array.from(files.sizes, (size) => Math.min(size, chunkBytes) + oneMore)
  const slab = new Slab(rooms, memory)
  const open: OpenFile[] = []
  let fd: number | undefined
  const missing = new Map<number, string>()
  let failure: Contents['failure']
  let isDone = false
  try {
    for (let index = 0; index < paths.length; index++) {
      const id = files.ids[index]!
      const file = {
        path: paths[index]!,
        device: files.devices[index]!,
        inode: files.inodes[index]!,
      }
      try {
        const opened = yield* openListed(root, file)
        if (typeof opened === 'string') missing.set(index, opened)
        else {
          const { size } = opened
          fd = opened.fd
          const room = slab.room(id, Math.min(size, chunkBytes))
          const length: number = yield ['read', fd, slab.bytes, room, rooms[index]!, null]
          slab.take(id, length)
          // As long as it should be and with room to spare: that is the end.
          if (length !== size || length === rooms[index]!) {
            open.push({ index, fd, position: length })
            fd = undefined
            continue
          }
          const ended = fd
          fd = undefined
          yield ['close', ended]
        }
        slab.end(id)
      } catch (error) {
        failure = { index, error: systemErrorOf(error) }
        break
      }
    }
    isDone = failure === undefined
  } finally {
    if (fd !== undefined) yield ['close', fd]
    if (!isDone) for (const file of open) yield ['close', file.fd]
  }
  return { frames: slab.filled, bytes: slab.contents, open: isDone ? open : [], missing, failure }
}

/** What follows of an open file, and whether that is its end. */
export interface MoreContents {
  readonly frames: Uint8Array<ArrayBuffer>
  readonly bytes: number
  readonly isEnd: boolean
}

/** The next pieces of an open file, from a position on. May be done again. */
export function* readOn(
  id: number,
  fd: number,
  position: number,
  memory?: ArrayBuffer,
): Procedure<MoreContents> {
  const slab = new Slab([chunksAtOnce * chunkBytes], memory)
  let isEnd = false
  for (let chunk = 0; chunk < chunksAtOnce && !isEnd; chunk++) {
    const room = slab.room(id, chunkBytes)
    const length: number = yield ['read', fd, slab.bytes, room, chunkBytes, position + slab.contents]
    slab.take(id, length)
    isEnd = length === 0
  }
  if (isEnd) slab.end(id)
  return { frames: slab.filled, bytes: slab.contents, isEnd }
}

/** Closes files that {@link read} has left open. */
export function* close(fds: readonly number[]): Procedure<void> {
  for (const fd of fds) yield ['close', fd]
}

/** So many pieces of a large file are read in one go. */
const chunksAtOnce = 2

/** One byte more than a file should have tells its end without another call. */
const oneMore = 1
