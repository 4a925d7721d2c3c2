import type { OnWarning } from '../../base/warning.ts'
import { MemoryTree } from '../../fsutil/send/memory-tree.ts'
import { type SentTree, sendTree, type Tree } from '../../fsutil/send/send.ts'
import { firstValue, type Metadata } from '../../grpc/metadata.ts'
import { Code, RpcError } from '../../grpc/status.ts'
import type { Attachable } from '../attachable.ts'
import { dirNameOf } from '../call-keys.ts'

/**
 * A directory that the daemon may read: its path, or its files by name with their contents, as in
 * `{ Dockerfile: 'FROM scratch' }`. A path that is a symlink is resolved once.
 */
export type LocalDir = string | Readonly<Record<string, string | Uint8Array>>

export interface FileSyncOptions {
  readonly onWarning?: OnWarning | undefined
  /** Called when a transfer is complete. */
  readonly onSent?: ((dirName: string, sent: SentTree, startedAt: Date) => void) | undefined
}

/**
 * Lets the daemon read the named directories, each with the patterns it asks for; any other name is refused
 * (moby/buildkit `session/filesync/filesync.go`).
 */
export function fileSync(
  dirs: Readonly<Record<string, LocalDir>>,
  options: FileSyncOptions = {},
): Attachable {
  /** Made once for all transfers of a directory. */
  const inMemory = new Map<string, MemoryTree>()
  return {
    keys: Object.keys(dirs),
    check: async () => {
      for (const [name, dir] of Object.entries(dirs))
        if (typeof dir !== 'string') inMemory.set(name, new MemoryTree(dir, `localDirs.${name}`))
    },
    methods: {
      '/moby.filesync.v1.FileSync/DiffCopy': async (call) => {
        const name = dirNameOf(call.metadata)
        if (!Object.hasOwn(dirs, name)) {
          throw new RpcError(Code.NotFound, `no access allowed to dir ${JSON.stringify(name)}`)
        }
        const root = inMemory.get(name) ?? dirs[name]!
        const startedAt = new Date()
        const sent = await sendTree(call, treeOf(root, call.metadata, options.onWarning))
        options.onSent?.(name, sent, startedAt)
      },
    },
  }
}

function treeOf(root: LocalDir | MemoryTree, metadata: Metadata, onWarning: OnWarning | undefined): Tree {
  return {
    root,
    includePatterns: patternsOf(metadata, 'include-patterns'),
    excludePatterns: patternsOf(metadata, 'exclude-patterns'),
    followPaths: patternsOf(metadata, 'followpaths'),
    onWarning,
  }
}

/** The values of a header of paths or patterns; with `<name>-encoded` each is percent-encoded, as in a form. */
function patternsOf(metadata: Metadata, name: string): readonly string[] {
  const values = metadata.get(name) ?? []
  return firstValue(metadata, `${name}-encoded`) === '1' ? values.map(decodeForm) : values
}

/** An escape that cannot be decoded makes the whole value empty, as in Go. */
function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}
