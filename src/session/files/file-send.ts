import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { BuildkitError, invalidOption } from '../../base/errors.ts'
import type { OnWarning } from '../../base/warning.ts'
import { exportFailed } from '../../fsutil/receive/export-failed.ts'
import { receiveTree } from '../../fsutil/receive/receive.ts'
import { receiveStream } from '../../fsutil/receive/receive-stream.ts'
import { firstValue, type Metadata } from '../../grpc/metadata.ts'
import { Code, RpcError } from '../../grpc/status.ts'
import type { Attachable, ServedCall } from '../attachable.ts'
import { payloads } from '../bytes-message.ts'
import { exporterIdOf } from '../call-keys.ts'
import { useOutput } from './outputs.ts'

/** Where an export of files (`local`) goes. */
export interface DirectoryTarget {
  /** Made (mode 0700, with its parents) if it is missing. */
  readonly outputDir: string
  /** `copy` leaves what is there beside the export; `delete` removes it. */
  readonly mode: 'copy' | 'delete'
}

/** Where an export that is one stream (`tar`, `oci`, `docker`) goes. */
export interface FileTarget {
  /** A file's path, a Writable, or a function of the exporter's metadata that returns one; nothing to skip. */
  readonly output: string | Writable | ((metadata: ExporterMetadata) => Output | Promise<Output>)
  /** True for an exporter that knows no skipping (`tar`): its stream is taken and dropped. */
  readonly isAlwaysSent?: boolean
}

type Output = string | Writable | undefined | null

/** What the exporter says of its result so far, such as `containerimage.digest` and `image.name`. */
export type ExporterMetadata = Readonly<Record<string, string>>

/**
 * Receives what a build exports, by exporter id: an export's place in the request (moby/buildkit
 * `session/filesync/filesync.go`). What goes wrong here is EXPORT_FAILED, UNSAFE_PATH, TOO_LARGE or PROTOCOL_ERROR; the
 * daemon gets it as the status of its call.
 */
export function fileSend(
  targets: ReadonlyMap<number, FileTarget | DirectoryTarget>,
  options: { readonly onWarning?: OnWarning | undefined } = {},
): Attachable {
  return {
    keys: [...targets.keys()].map(String),
    check: async () => {
      for (const [id, target] of targets) await checkTarget(target, `exports[${id}]`)
    },
    methods: {
      '/moby.filesync.v1.FileSend/DiffCopy': async (call) => {
        const target = targetOf(call.metadata, targets)
        if ('outputDir' in target) await receiveFiles(call, target, options.onWarning)
        else await receiveOutput(call, target)
      },
    },
  }
}

/** Throws INVALID_OPTION for what can be known to be unusable before the build. */
async function checkTarget(target: FileTarget | DirectoryTarget, option: string): Promise<void> {
  if ('outputDir' in target) {
    const received = target.outputDir
    if ((await kindAt(received)) === 'file')
      throw invalidOption(`${option}.outputDir`, {
        expected: 'a directory',
        received,
        advice: 'It is a file',
      })
  } else if (typeof target.output === 'string') {
    const received = target.output
    if ((await kindAt(received)) === 'directory')
      throw invalidOption(`${option}.output`, { expected: 'a file', received, advice: 'It is a directory' })
    if ((await kindAt(dirname(received))) !== 'directory')
      throw invalidOption(`${option}.output`, { expected: 'a file in an existing directory', received })
  }
}

/** Nothing also where it cannot be known: the export itself will tell. */
async function kindAt(path: string): Promise<'directory' | 'file' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch {
    return undefined
  }
}

function targetOf(
  metadata: Metadata,
  targets: ReadonlyMap<number, FileTarget | DirectoryTarget>,
): FileTarget | DirectoryTarget {
  const id = exporterIdOf(metadata)
  const target = targets.get(id)
  if (target === undefined) throw new RpcError(Code.NotFound, `exporter ${id} not found`)
  return target
}

/** In `delete` mode a daemon that sends each platform by itself would have them remove each other. */
async function receiveFiles(
  call: ServedCall,
  target: DirectoryTarget,
  onWarning: OnWarning | undefined,
): Promise<void> {
  if (target.mode === 'delete' && firstValue(call.metadata, 'buildkit-exporter-multi-platform') !== '1') {
    throw new BuildkitError(
      'UNSUPPORTED',
      'local exporter mode=delete requires a BuildKit daemon with multi-platform local export support',
      { subject: target.outputDir },
    )
  }
  await receiveTree(call, { ...target, onWarning })
}

async function receiveOutput(call: ServedCall, target: FileTarget): Promise<void> {
  const output = await chosenOutput(target, exporterMetadata(call.metadata))
  if (output === undefined || output === null) return await skip(call, target)
  if (typeof output !== 'string') useOutput(output)
  await receiveStream(received(call), output, call.signal)
}

/** What `oci` and `docker` take as skipped is a failure of the build for others. */
async function skip(call: ServedCall, { isAlwaysSent = false }: FileTarget): Promise<void> {
  if (!isAlwaysSent) throw new RpcError(Code.AlreadyExists, 'this export is skipped')
  for await (const _ of received(call));
}

async function chosenOutput({ output }: FileTarget, metadata: ExporterMetadata): Promise<Output> {
  if (typeof output !== 'function') return output
  let chosen: unknown
  try {
    chosen = await output(metadata)
  } catch (error) {
    throw exportFailed('the output', error)
  }
  if (isOutput(chosen)) return chosen
  throw new BuildkitError(
    'EXPORT_FAILED',
    'the function for the output of an export has returned no output',
    {
      expected: 'the path of a file, a Writable, or nothing',
      received: `a ${typeof chosen}`,
    },
  )
}

function isOutput(value: unknown): value is Output {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value !== ''
  return typeof value === 'object' && 'write' in value && 'end' in value
}

const metadataPrefix = 'exporter-md-'

function exporterMetadata(metadata: Metadata): ExporterMetadata {
  const known = Array.from(metadata).filter(([name]) => name.startsWith(metadataPrefix))
  return Object.fromEntries(
    known.map(([name, values]) => [name.slice(metadataPrefix.length), values.join(',')]),
  )
}

async function* received(call: ServedCall): AsyncGenerator<readonly Buffer[]> {
  yield* payloads(call.pieces())
  // The messages of a call that is cut off end too.
  call.signal.throwIfAborted()
}
