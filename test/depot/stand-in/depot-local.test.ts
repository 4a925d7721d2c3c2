import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../../support/skip.ts'
import { clients } from './clients.ts'

const script = fileURLToPath(new URL('../../../scripts/depot-local.ts', import.meta.url))

test('depot:local says how to reach it, shows each call, and ends cleanly on Ctrl-C', {
  skip: skipWithout('buildkitd', 'registry'),
}, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', script, '--json'], { stdio: 'pipe' })
  const exited = once(child, 'exit')
  const log = text(child.stderr)
  try {
    const failed = exited.then(async () => {
      throw new Error(await log)
    })
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed])
    const { DEPOT_API_URL, DEPOT_TOKEN, DEPOT_PROJECT_ID } = JSON.parse(line)
    const { projects } = clients({ apiUrl: DEPOT_API_URL }, DEPOT_TOKEN)
    const listed = await projects.listProjects({})
    assert.deepEqual(
      listed.projects.map(({ projectId }) => projectId),
      [DEPOT_PROJECT_ID],
    )
    child.kill('SIGINT')
    assert.deepEqual(await exited, [130, null])
    assert.match(await log, /depot\.core\.v1\.ProjectService\/ListProjects organization token ok HTTP\/2\.0/)
    await assert.rejects(fetch(DEPOT_API_URL))
  } finally {
    child.kill('SIGKILL')
  }
})
