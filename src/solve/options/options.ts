import type { Writable } from 'node:stream'
import type { OnWarning } from '../../base/warning.ts'
import type { Attachable } from '../../session/attachable.ts'
import type { LocalDir } from '../../session/files/file-sync.ts'

/** What to build and where it goes. The words are BuildKit's own; only what is given is sent. */
export interface SolveOptions {
  /** `dockerfile.v0` or `gateway.v0`. Either this or `definition`. */
  readonly frontend?: string | undefined
  /** Options of the frontend, such as `filename`, `target`, `platform`, `build-arg:NAME`. */
  readonly frontendAttrs?: Readonly<Record<string, string>> | undefined
  /** A serialized `pb.Definition` (LLB) in place of a frontend. */
  readonly definition?: Uint8Array | undefined
  /**
   * Directories the daemon may read, by the name it asks for. The Dockerfile frontend asks for `context`
   * and `dockerfile`.
   */
  readonly localDirs?: Readonly<Record<string, LocalDir>> | undefined
  /** What to do with the result, in order. None: the build runs and its result stays in the cache. */
  readonly exports?: readonly Export[] | undefined
  /** Where the build's cache is written to, for other daemons. None by default. */
  readonly cacheExports?: readonly CacheEntry[] | undefined
  /** Caches to read from, beside the daemon's own. None by default; one that cannot be read does not fail the build. */
  readonly cacheImports?: readonly CacheEntry[] | undefined
  /** What the build may do beyond the ordinary, which the daemon must allow too. None by default. */
  readonly entitlements?: readonly Entitlement[] | undefined
  /** What else the daemon may ask of us: credentials, or an attachable of your own. */
  readonly session?: readonly Attachable[] | undefined
  /**
   * The same key on the next build lets the daemon keep its copy of the local directories and ask only for
   * what has changed. Printable ASCII, at most 4,096 characters. By default the name of the context directory and a
   * hash of the host's name and the directory's path.
   */
  readonly sharedKey?: string | undefined
  /** The build's own id, unique at the daemon. A new one by default. */
  readonly ref?: string | undefined
  /** Leaves the build out of the daemon's history. */
  readonly internal?: boolean | undefined
  /** Cancels the build: the daemon's work ends, the result rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined
  /** Told of what does not stop the build. `process.emitWarning` by default. */
  readonly onWarning?: OnWarning | undefined
}

/** A permission of a build (moby/buildkit `util/entitlements/entitlements.go`). */
export type Entitlement = 'network.host' | 'security.insecure' | 'device' | `device=${string}`

/** One use of the result. */
export type Export = PlainExport | DirectoryExport | StreamExport | OtherExport

/** An export that the daemon does by itself: into its own store or to a registry. */
export interface PlainExport {
  /** `image`, or on a Docker Engine also `moby`, which loads into its image store. */
  readonly type: 'image' | 'moby'
  /** Such as `name`, `push`, `oci-mediatypes`. */
  readonly attrs?: Readonly<Record<string, string>> | undefined
}

/** The result's files, written below a directory here. */
export interface DirectoryExport {
  readonly type: 'local'
  /** The exporter's own, such as `mode` and `platform-split`. */
  readonly attrs?: Readonly<Record<string, string>> | undefined
  /** Made if it is missing; what is in it stays unless the export replaces it. */
  readonly outputDir: string
}

/** The result as one stream: its files as `tar`, or an image as `oci` or `docker` archive. */
export interface StreamExport {
  readonly type: 'tar' | 'oci' | 'docker'
  /** The exporter's own, such as `name`, `compression` and `oci-mediatypes`. */
  readonly attrs?: Readonly<Record<string, string>> | undefined
  readonly output: ExportOutput
}

/**
 * An exporter that this client does not know, such as one of a newer daemon. What it sends, if anything, goes to
 * `outputDir` or to `output`. A type that looks like a misspelt one is refused.
 */
export interface OtherExport {
  readonly type: string & Record<never, never>
  readonly attrs?: Readonly<Record<string, string>> | undefined
  readonly outputDir?: string | undefined
  readonly output?: ExportOutput | undefined
}

/**
 * Where a stream goes: the path of a file, which appears whole or not at all; a Writable, which is ended; or
 * a function of the exporter's metadata that returns one of these, or nothing to skip this export.
 */
export type ExportOutput = string | Writable | ExportOutputFunction

/** The metadata has keys such as `containerimage.digest` and `image.name`. */
export type ExportOutputFunction = (
  metadata: Readonly<Record<string, string>>,
) => OutputChoice | Promise<OutputChoice>

type OutputChoice = string | Writable | undefined

/** A cache to write to or read from: type `registry`, `inline`, `gha`, `s3`, `azblob`, and its attributes. */
export interface CacheEntry {
  readonly type: string
  readonly attrs?: Readonly<Record<string, string>> | undefined
}
