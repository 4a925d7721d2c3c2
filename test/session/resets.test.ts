import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { connect } from '../../src/buildkit.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { unary } from '../../src/session/attachable.ts'
import { fakeBuildkitd } from '../support/fake-buildkitd.ts'

it('a session outlives five thousand calls that the daemon cancels, each of which ends its handler', async () => {
  let ended = 0
  const attachable = {
    methods: {
      '/t.T/Hang': async ({ signal }: { signal: AbortSignal }) => {
        if (!signal.aborted) await once(signal, 'abort')
        ended++
      },
      '/t.T/Count': unary(() => Buffer.from(String(ended))),
    },
  }
  const daemon = fakeBuildkitd({
    async solve(build) {
      const { rpc } = await build.session()
      for (let batch = 0; batch < 50; batch++) {
        const calls = Array.from({ length: 100 }, () => rpc.serverStream('/t.T/Hang', Buffer.alloc(0)))
        // All have arrived once one that came after them is answered.
        await rpc.unary('/t.T/Count', Buffer.alloc(0))
        for (const call of calls) call.cancel(new RpcError(Code.Canceled, 'not needed'))
        for (const call of calls) if (!call.signal.aborted) await once(call.signal, 'abort')
      }
      return { ended: (await rpc.unary('/t.T/Count', Buffer.alloc(0))).toString() }
    },
  })
  await using buildkit = await connect(daemon.dial)
  const run = buildkit.solve({ definition: new Uint8Array(), session: [attachable] })
  const { exporterResponse } = await run.result
  assert.ok(Number(exporterResponse.ended) > 4_900, `${exporterResponse.ended} handlers have ended`)
})
