import type { SolveOptions } from '../../src/solve/options/options.ts'
import { type SolveContext, type SolveRun, startSolve } from '../../src/solve/run.ts'
import { type Connection, openConnection } from '../../src/transport/connection.ts'
import { routeTo } from '../../src/transport/route-to.ts'
import { type FakeBehaviour, fakeBuildkitd } from './fake-buildkitd.ts'

/** A fake daemon, a connection to it, and builds there with what surrounds them inside this package. */
export async function fakeRuns(behaviour: FakeBehaviour) {
  const daemon = fakeBuildkitd(behaviour)
  const connection = await openConnection(await routeTo(daemon.dial, {}))
  return {
    daemon,
    connection,
    solve: (context: SolveContext, options: SolveOptions = {}): SolveRun =>
      startSolve(connection, { definition: new Uint8Array(), ...options }, context),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

export type { Connection }
