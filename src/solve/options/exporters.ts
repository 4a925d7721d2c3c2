import { parseGoBool } from '../../base/go-bool.ts'
import type { Export } from './options.ts'

/** What an exporter of the daemon's needs of us, and what becomes of its result. */
export interface Exporter {
  /** What the daemon sends here: files below a directory, one stream, or nothing. */
  readonly sends: 'directory' | 'stream' | 'nothing'
  /** True for an image, which has names. */
  readonly isImage: boolean
  /** True where the attribute `push` sends the image to a registry. */
  readonly canPush: boolean
  /** Which daemons have it: all, those that store images as BuildKit does, or Docker Engines only. */
  readonly daemons: 'all' | 'image store' | 'engine'
}

/** The exporters of BuildKit (moby/buildkit `worker/base/worker.go`) and of the Docker Engine. */
const exporters = {
  image: { sends: 'nothing', isImage: true, canPush: true, daemons: 'image store' },
  moby: { sends: 'nothing', isImage: true, canPush: false, daemons: 'engine' },
  local: { sends: 'directory', isImage: false, canPush: false, daemons: 'all' },
  tar: { sends: 'stream', isImage: false, canPush: false, daemons: 'all' },
  oci: { sends: 'stream', isImage: true, canPush: false, daemons: 'image store' },
  docker: { sends: 'stream', isImage: true, canPush: false, daemons: 'image store' },
} as const satisfies Readonly<Record<string, Exporter>>

export const exporterTypes = Object.keys(exporters)

/** What is known of an exporter. Of one that is newer than this client, what the export itself says. */
export function exporterOf(entry: Export): Exporter {
  if (Object.hasOwn(exporters, entry.type)) return exporters[entry.type as keyof typeof exporters]
  const { output, outputDir } = entry as { output?: unknown; outputDir?: unknown }
  const sends = outputDir !== undefined ? 'directory' : output !== undefined ? 'stream' : 'nothing'
  return { sends, isImage: false, canPush: false, daemons: 'all' }
}

/** True for an export that pushes an image to a registry, as the daemon reads it. */
export function isPush(entry: Export): boolean {
  return exporterOf(entry).canPush && isOn(entry.attrs?.push)
}

/** True for a push that leaves tags alone: the image is known by its digest only. */
export function isPushByDigest(entry: Export): boolean {
  return isPush(entry) && isOn(entry.attrs?.['push-by-digest'])
}

/** True for an image that stays in the daemon's own store. */
export function isKeptImage(entry: Export): boolean {
  return exporterOf(entry).canPush && !isPush(entry)
}

/** The names that an export gives to its image. */
export function namesOf({ attrs = {} }: Export): string[] {
  return (attrs.name ?? '').split(',').filter((name) => name !== '')
}

/**
 * Whether an export of files leaves what is in its directory (`copy`, the default) or removes it; undefined for a mode
 * that the daemon does not know. Read in any case, and with spaces around it (moby/buildkit `client/exporters.go`).
 */
export function localMode({ attrs = {} }: Export): 'copy' | 'delete' | undefined {
  const mode = (attrs.mode ?? '').trim().toLowerCase()
  if (mode === '' || mode === 'copy') return 'copy'
  return mode === 'delete' ? 'delete' : undefined
}

/** Attributes that are true or false (moby/buildkit `exporter/containerimage/export.go`): empty is true. */
export const booleanAttrs = ['push', 'push-by-digest'] as const

/** True for an attribute that is there and not false. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && (value === '' || parseGoBool(value) === true)
}
