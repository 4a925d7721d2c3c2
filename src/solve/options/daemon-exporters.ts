import { BuildkitError } from '../../base/errors.ts'
import { listWorkers } from '../../control/workers.ts'
import type { Connection } from '../../transport/connection.ts'
import { exporterOf } from './exporters.ts'
import type { SolveOptions } from './options.ts'

/**
 * Finds exporters that this daemon lacks. Only a Docker Engine differs: its older image store exports no
 * images, and only it has `moby`. Throws UNSUPPORTED with advice.
 */
export async function checkDaemonExporters(
  { exports = [] }: SolveOptions,
  connection: Connection,
  signal?: AbortSignal,
): Promise<void> {
  const isEngine = connection.route.kind === 'engine'
  const engineOnly = exports.findIndex((entry) => exporterOf(entry).daemons === 'engine')
  if (!isEngine && engineOnly >= 0) {
    const advice = 'Use image with push, or docker with an output'
    throw unsupported(`exports[${engineOnly}]`, exports[engineOnly]!.type, advice)
  }
  const image = exports.findIndex((entry) => exporterOf(entry).daemons === 'image store')
  if (!isEngine || image < 0 || (await storesImages(connection, signal))) return
  throw unsupported(
    `exports[${image}]`,
    exports[image]!.type,
    'This Docker Engine has moby, local and tar; its containerd image store would add the others',
  )
}

async function storesImages(connection: Connection, signal: AbortSignal | undefined): Promise<boolean> {
  const workers = await listWorkers(connection, { signal })
  return workers.some(({ labels }) => labels['org.mobyproject.buildkit.worker.snapshotter'] !== undefined)
}

function unsupported(option: string, type: string, advice: string): BuildkitError {
  return new BuildkitError('UNSUPPORTED', `this daemon cannot export as ${type}`, { subject: option, advice })
}
