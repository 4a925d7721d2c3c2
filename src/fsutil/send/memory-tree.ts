import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { invalidOption } from '../../base/errors.ts'
import { type ByteString, toByteString } from '../byte-string.ts'
import { FilterTree } from '../disk/filter-tree.ts'
import type { Patterns } from '../disk/jobs.ts'
import { type Found, type Listing, ListingWriter } from '../disk/listing.ts'
import type { Contents, FileList, MoreContents } from '../disk/read.ts'
import { Slab } from '../disk/slab.ts'
import { GoMode } from '../mode.ts'
import { isSafePath } from '../paths.ts'
import type { Source } from './source.ts'

/** Files by their paths; a directory is there because something is in it. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A tree of files given with their contents, for any number of transfers. */
export class MemoryTree {
  readonly #root: Directory = new Map()

  /** Throws INVALID_OPTION for paths that cannot be, naming `option`. */
  constructor(files: Files, option = 'localDirs') {
    for (const [path, contents] of Object.entries(files))
      if (!this.#add(path, typeof contents === 'string' ? Buffer.from(contents) : contents))
        throw unusable(path, option)
  }

  /** The tree as one transfer sees it. */
  open(): Source {
    return new OpenMemoryTree(this.#root)
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
}

type Directory = Map<ByteString, Node>
type Node = Directory | Uint8Array

class OpenMemoryTree implements Source {
  readonly readsAtOnce = 1
  readonly #root: Directory
  #filters: FilterTree | undefined

  constructor(root: Directory) {
    this.#root = root
  }

  names(directory: ByteString): Promise<ByteString[]> {
    return Promise.resolve([...this.#directory(directory).keys()].sort())
  }

  readLink(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  filter({ includes, excludes }: Patterns): void {
    this.#filters = new FilterTree(includes, excludes)
  }

  async list(directories: readonly ByteString[], rows: number): Promise<Listing> {
    const writer = new ListingWriter()
    const stack = directories.toReversed()
    do stack.push(...this.#listOne(stack.pop()!, writer).reverse())
    while (stack.length > 0 && writer.rows < rows)
    // Other work gets its turn: a health check must not wait for a walk.
    await nextTurn()
    return writer.finish(stack.reverse())
  }

  read({ ids, paths }: FileList): Promise<Contents> {
    const files = paths.split('\0').map((path) => this.#node(path) as Uint8Array)
    const slab = new Slab(files.map(({ length }) => length))
    for (const [index, file] of files.entries()) slab.add(ids[index]!, file)
    return Promise.resolve({
      frames: slab.filled,
      bytes: slab.contents,
      open: [],
      missing: new Map(),
      failure: undefined,
    })
  }

  readOn(): Promise<MoreContents> {
    throw new Error('files in memory are read at once')
  }

  end(): void {}

  /** Returns the directories in it that are to be looked into. */
  #listOne(directory: ByteString, writer: ListingWriter): ByteString[] {
    const filter = this.#filters!.take(directory)
    const below: ByteString[] = []
    const nodes = [...this.#directory(directory)].sort(byName)
    for (const [name, node] of nodes) {
      const path = directory === '' ? name : `${directory}/${name}`
      const found = foundOf(name, path, node)
      const isDirectory = !(node instanceof Uint8Array)
      const isSent = filter.sends(path, isDirectory)
      const inside = isDirectory ? filter.enter(path) : undefined
      if (inside !== undefined) {
        this.#filters!.put(path, inside)
        below.push(path)
      }
      if (isSent) writer.add(found, inside === undefined ? undefined : path)
      else if (inside !== undefined) writer.addOnDemand(found, path)
    }
    writer.endDirectory(directory, nodes.length)
    return below
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

function foundOf(name: ByteString, path: ByteString, node: Node): Found {
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
  return { name, stat, inode: isFile ? inMemory : undefined }
}

/** Files in memory are told apart by their names alone. */
const inMemory = { device: 0n, number: 0n, isShared: false }

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
