import { deadline } from '../../base/deadline.ts'
import { BuildkitError } from '../../base/errors.ts'
import { chosenEngine } from '../../engine/docker-context.ts'
import type { EngineTarget } from '../../engine/docker-host.ts'
import { type ImageLoad, type LoadedImage, loadImages } from '../../engine/images.ts'
import type { Export } from '../../solve/options/options.ts'
import type { Engine } from '../../transport/engine.ts'
import { engineAt } from '../../transport/route-to.ts'
import type { DepotSolveOptions } from './depot-solve-options.ts'

/** Images on their way from a machine into an Engine. */
export interface Loading {
  export(names: readonly string[]): Export
  /** What has been loaded last. */
  readonly images: Promise<readonly LoadedImage[]>
}

/** Until an Engine has to be reached, as long as an attempt to connect takes elsewhere. */
const engineTimeoutMs = 20_000

/**
 * Finds the Engine that the image is loaded into; undefined where it is not loaded. Throws UNREACHABLE, TLS_FAILED or
 * TIMEOUT for one that does not answer, and CANCELLED.
 */
export async function startLoading(
  load: DepotSolveOptions['load'],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Loading | undefined> {
  if (load === undefined || load === false) return undefined
  const { address, tls } = load === true ? await localEngine(env) : { ...load, address: load.engine }
  const engine = await engineAt(address, { tls, env }, 'load.engine')
  // Known before Depot is asked for a machine: a build for an Engine that is not there is for nothing.
  using limit = deadline(engineTimeoutMs, signal, { timeoutReason: () => silent(engine) })
  const there = await engine.dial(limit.signal)
  there.destroy()
  let latest: ImageLoad | undefined
  return {
    export: (names) => ({
      type: 'docker',
      attrs: { name: names.join(',') },
      output: () => {
        latest = loadImages(engine, { signal })
        return latest.archive
      },
    }),
    get images() {
      return latest?.images ?? Promise.resolve([])
    },
  }
}

function silent({ description }: Engine): BuildkitError {
  return new BuildkitError(
    'TIMEOUT',
    `no connection to ${description}, which the image is to be loaded into`,
    {
      subject: description,
      expected: `one within ${engineTimeoutMs / 1000} s`,
      received: 'none',
      advice: 'Check that the Engine runs, and that its address is reached from here',
    },
  )
}

/** The one that Docker's own tools would speak to. */
async function localEngine(env: NodeJS.ProcessEnv): Promise<EngineTarget> {
  return (await (await chosenEngine(env))?.target()) ?? { address: 'docker://' }
}
