import { createHash } from 'node:crypto'
import { invalidOption } from '../../base/errors.ts'
import { type ByteString, toByteString } from '../byte-string.ts'
import { GoMode } from '../mode.ts'
import { isSafePath } from '../paths.ts'
import type { Choose, Entry, FileTree, SendChunk } from './file-tree.ts'

/** Files by their paths; a directory is there because something is in it. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A tree of files given with their contents. Throws INVALID_OPTION for paths that cannot be, naming `option`. */
export class MemoryTree implements FileTree {
  readonly #root: Directory = new Map()

  constructor(files: Files, option = 'localDirs') {
    for (const [path, contents] of Object.entries(files))
      if (!this.#add(path, typeof contents === 'string' ? Buffer.from(contents) : contents))
        throw unusable(path, option)
  }

  list(directory: ByteString, choose: Choose): Promise<Entry[]> {
    const entries: Entry[] = []
    for (const [name, node] of [...this.#directory(directory)].sort(byName)) {
      const path = directory === '' ? name : `${directory}/${name}`
      const choice = choose(path)
      if (choice !== 'skip') entries.push(entryOf(path, node, choice === 'send'))
    }
    return Promise.resolve(entries)
  }

  names(directory: ByteString): Promise<ByteString[]> {
    return Promise.resolve([...this.#directory(directory).keys()].sort())
  }

  readLink(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async read(file: Entry, send: SendChunk): Promise<void> {
    const contents = this.#node(file.stat.path)
    if (!(contents instanceof Uint8Array)) return
    for (let start = 0; start < contents.length; start += chunkBytes)
      await send(contents.subarray(start, start + chunkBytes))
  }

  /** False for a path that cannot be. */
  #add(path: string, contents: Uint8Array): boolean {
    const names = toByteString(path).split('/')
    const name = names.pop()!
    let directory = this.#root
    for (const parent of names) {
      const node = directory.get(parent) ?? new Map()
      directory.set(parent, node)
      if (node instanceof Uint8Array) return false
      directory = node
    }
    if (!isSafePath(path) || directory.has(name)) return false
    directory.set(name, contents)
    return true
  }

  #directory(path: ByteString): Directory {
    const node = this.#node(path)
    return node instanceof Map ? node : new Map()
  }

  #node(path: ByteString): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of path === '' ? [] : path.split('/')) {
      if (!(node instanceof Map)) return undefined
      node = node.get(name)
    }
    return node
  }
}

type Directory = Map<ByteString, Node>
type Node = Directory | Uint8Array

const chunkBytes = 256 << 10

function entryOf(path: ByteString, node: Node, isChosen: boolean): Entry {
  const isFile = node instanceof Uint8Array
  const stat = {
    path,
    mode: isFile ? 0o644 : (GoMode.directory | 0o755) >>> 0,
    uid: 0,
    gid: 0,
    size: isFile ? node.length : 0,
    modTime: isFile ? timeOf(node) : 0n,
    linkname: '',
    devmajor: 0,
    devminor: 0,
  }
  return { stat, isChosen, inode: undefined }
}

/**
 * A time in the first second of 1970, made from the contents. The daemon keeps what it has of a file whose size
 * and time are those it knows, so other contents must have another time; and the same contents the same, for
 * layers that do not change from build to build.
 */
function timeOf(contents: Uint8Array): bigint {
  const digest = createHash('sha256').update(contents).digest()
  return digest.readBigUInt64BE() % nanosecondsPerSecond
}

const nanosecondsPerSecond = 1_000_000_000n

function byName([a]: [ByteString, Node], [b]: [ByteString, Node]): number {
  return a < b ? -1 : 1
}

function unusable(path: string, option: string): Error {
  return invalidOption(option, {
    expected: 'files by relative paths, none of them inside another',
    received: path,
  })
}
