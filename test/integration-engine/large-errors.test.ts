import { describe, it } from 'node:test'
import { connect } from '../../src/index.ts'
import { engineAddress } from '../support/engine.ts'
import { assertTold, assertToldWhole, largeErrors } from '../support/large-errors.ts'
import { skipWithout } from '../support/skip.ts'

describe('a large error of a Docker Engine', { skip: skipWithout('engine', 'busybox') }, () => {
  for (const failure of largeErrors) {
    it(`is told whole: a ${failure.name}, beside ${failure.size} bytes`, async () => {
      await using buildkit = await connect(engineAddress())
      const isOld = (await buildkit.info()) === undefined
      if (isOld && failure.size === 0) await assertTold(buildkit, failure)
      else await assertToldWhole(buildkit, failure, { hasPlaces: !isOld })
      await using next = await connect(engineAddress())
      await next.listWorkers()
    })
  }
})
