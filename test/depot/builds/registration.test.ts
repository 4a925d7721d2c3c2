import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { register } from '../../../src/depot/builds/registration.ts'
import { BuildService } from '../../../src/gen/depot/cli_pb.js'
import { fakeService } from '../fake-service.ts'

const { signal } = new AbortController()

describe('the registration of a build', () => {
  it('takes no reply without an id and a token that can be ones, and does not show the token', async () => {
    const ids = ['', 'b\nc', '../b', 'b,c', 'b'.repeat(256)]
    const tokens = ['', 'open\nsesame', 'open sesame', 'opené']
    const replies = [
      ...ids.map((buildId) => ({ buildId, buildToken: 't' })),
      ...tokens.map((buildToken) => ({ buildId: 'b', buildToken })),
    ]
    for (const reply of replies) {
      await using service = await fakeService((router) =>
        router.service(BuildService, { createBuild: () => reply }),
      )
      await assert.rejects(register(service.api, 'p', {}, signal), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'API_FAILED', JSON.stringify(reply).slice(0, 60))
        assert.match(error.message, /expected the id and the token of a build/)
        assert.ok(!/open|sesame/.test(inspect(error, { depth: 9 })))
        return true
      })
    }
  })
})
