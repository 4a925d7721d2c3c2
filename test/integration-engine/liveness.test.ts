import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { connect } from '../../src/index.ts'
import { busybox } from '../support/daemon.ts'
import { engineAddress } from '../support/engine.ts'
import { relayTo } from '../support/relay.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

it('an Engine that is cut off in the middle of a build is noticed', {
  skip: skipWithout('engine', 'busybox'),
}, async () => {
  const path = engineAddress().slice('docker://'.length)
  await using relay = await relayTo(() => Promise.resolve(net.connect(path)))
  await using buildkit = await connect(`docker://127.0.0.1:${relay.port}`, { livenessTimeoutMs: 5_000 })
  await using dir = await tempDir()
  await copyFile(busybox(), join(dir.path, 'sh'))
  const Dockerfile = 'FROM scratch\nCOPY sh /bin/sh\nRUN echo begun && while true; do :; done\n'
  const localDirs = { context: dir.path, dockerfile: { Dockerfile } }
  await using run = buildkit.solve({ frontend: 'dockerfile.v0', localDirs })
  for await (const { logs = [] } of run.status)
    if (logs.some(({ data }) => Buffer.from(data ?? '', 'base64').includes('begun'))) break
  assert.equal(relay.sockets.size, 1, 'the session has no connection of its own')
  relay.loseReplies()
  await assert.rejects(run.result, {
    code: 'CONNECTION_LOST',
    message: /has stopped answering, during .*RUN echo begun && while true/,
  })
  assert.equal(buildkit.state, 'failed')
})
