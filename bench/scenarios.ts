import type { Task } from './clients.ts'

/** How large everything is. */
export interface Sizes {
  readonly files: number
  readonly fileBytes: number
  readonly largeFileBytes: number
  readonly roundTripMs: number
  readonly noOpSolves: number
  readonly patterns: number
  /** The files that are held against the patterns. */
  readonly patternFiles: number
}

export const fullSizes: Sizes = {
  files: 50_000,
  fileBytes: 2 << 10,
  largeFileBytes: 1 << 30,
  roundTripMs: 40,
  noOpSolves: 20,
  patterns: 10_000,
  patternFiles: 2_000,
}

/** Enough to see that everything runs; the figures mean nothing. */
export const quickSizes: Sizes = {
  files: 500,
  fileBytes: 2 << 10,
  largeFileBytes: 4 << 20,
  roundTripMs: 40,
  noOpSolves: 3,
  patterns: 10_000,
  patternFiles: 100,
}

/** What the scenarios work with. All are paths, but for the two addresses. */
export interface Setting {
  readonly daemon: string
  /** The same daemon behind a link with latency. */
  readonly distantDaemon: string
  readonly definitions: {
    readonly transfer: string
    readonly image: string
    readonly noOp: string
    readonly patterns: string
  }
  readonly manyFiles: string
  readonly oneFile: string
  readonly someFiles: string
  /** Where an export goes; removed before each run. */
  readonly archive: string
}

export interface Scenario {
  readonly name: string
  /** In the table. */
  readonly title: string
  /** What the median ratio of wall times is to be at most. */
  readonly target: number
  /** Pairs of runs. */
  readonly pairs: number
  readonly task: Task
  /** The daemon forgets everything before each run. */
  readonly cold?: true
  /** Whether a transfer of so many bytes is what this scenario is about. */
  readonly expectTransfer?: (bytes: number) => boolean
  /** An archive of at least so many bytes is written. */
  readonly archiveBytes?: number
}

/** In the order in which they run: each that is not cold finds what the one before it left. */
export function scenarios(sizes: Sizes, setting: Setting): Scenario[] {
  const { definitions, daemon: address, distantDaemon, archive } = setting
  const filesBytes = sizes.files * sizes.fileBytes
  const many = { address, definition: definitions.transfer, context: setting.manyFiles }
  const one = { address, definition: definitions.transfer, context: setting.oneFile }
  const image = { definition: definitions.image, context: setting.oneFile, oci: archive }
  const files = `${sizes.files.toLocaleString('en')} files of ${size(sizes.fileBytes)}`
  const large = size(sizes.largeFileBytes)
  return [
    {
      name: 'files-cold',
      title: `${files}, cold`,
      target: 0.9,
      pairs: 7,
      task: many,
      cold: true,
      expectTransfer: (bytes) => bytes >= filesBytes,
    },
    {
      name: 'files-unchanged',
      title: `${files}, unchanged`,
      target: 0.9,
      pairs: 7,
      task: many,
      // The files' metadata travel, and count as transferred.
      expectTransfer: (bytes) => bytes > 0 && bytes < filesBytes / 10,
    },
    {
      name: 'large-file',
      title: `one file of ${large}, cold`,
      target: 0.9,
      pairs: 7,
      task: one,
      cold: true,
      expectTransfer: (bytes) => bytes >= sizes.largeFileBytes,
    },
    {
      name: 'export',
      title: `\`oci\` export of ${large}`,
      target: 0.8,
      pairs: 11,
      task: { ...image, address },
      archiveBytes: sizes.largeFileBytes,
    },
    {
      name: 'export-distant',
      title: `the same export, ${sizes.roundTripMs} ms round trip`,
      target: 0.3,
      pairs: 3,
      task: { ...image, address: distantDaemon },
      archiveBytes: sizes.largeFileBytes,
    },
    {
      name: 'patterns',
      title: `${sizes.patternFiles.toLocaleString('en')} files and ${sizes.patterns.toLocaleString('en')} ignore patterns`,
      target: 0.9,
      pairs: 5,
      task: { address, definition: definitions.patterns, context: setting.someFiles },
      expectTransfer: (bytes) => bytes > 0,
    },
    {
      name: 'no-op',
      title: `${sizes.noOpSolves} no-op solves`,
      target: 0.8,
      pairs: 7,
      task: { address, definition: definitions.noOp, repeat: sizes.noOpSolves },
    },
  ]
}

function size(bytes: number): string {
  const units = [' B', ' KiB', ' MiB', ' GiB']
  let unit = 0
  let value = bytes
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${value}${units[unit]}`
}
