import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from '../../src/index.ts'
import { daemonAddress } from '../support/daemon.ts'
import { assertToldWhole, largeErrors } from '../support/large-errors.ts'
import { skipWithout } from '../support/skip.ts'

describe('an error larger than HTTP/2 trailers can be', { skip: skipWithout('daemon', 'busybox') }, () => {
  for (const failure of largeErrors) {
    it(`is told whole: a ${failure.name}, beside ${failure.size} bytes`, async () => {
      await using buildkit = await connect(daemonAddress())
      await assertToldWhole(buildkit, failure, { hasPlaces: true })
      assert.ok(await buildkit.info(), 'the connection is still good')
    })
  }
})
