import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, staticAuth } from '../../../src/index.ts'
import { daemonAddress } from '../../support/daemon.ts'
import { part } from '../../support/parts.ts'
import { registryGet } from '../../support/registry-get.ts'
import { skipWithout } from '../../support/skip.ts'
import type { RegistryAccess } from './saved-images.ts'
import { type SavedImagesRegistry, startSavedImagesRegistry } from './saved-images-registry.ts'

const needs = { skip: skipWithout('registry', 'daemon') }

const passwords: Record<string, RegistryAccess> = {
  'build token': { projectId: 'ours', push: true },
  'pull token': { projectId: 'ours', push: false },
  'another build token': { projectId: 'theirs', push: true },
  'organization token': { projectId: undefined, push: true },
}

function start(): Promise<SavedImagesRegistry> {
  return startSavedImagesRegistry(part('registry'), (password) => passwords[password])
}

/** Pushes an image of one small file, and gives its digest. */
async function push(host: string, name: string, password: string, text = 'a file'): Promise<string> {
  await using buildkit = await connect(daemonAddress())
  const { digest } = await buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: { file: text }, dockerfile: { Dockerfile: 'FROM scratch\nCOPY file /\n' } },
    exports: [{ type: 'image', attrs: { name: `${host}/${name}`, push: 'true', 'oci-mediatypes': 'true' } }],
    session: [staticAuth({ [host]: { username: 'x-token', password } })],
  }).result
  return digest!
}

/** What a client with this password gets to know of an image. */
async function pull(host: string, name: string, password: string, username = 'x-token') {
  const url = `http://${host}/v2/${name.replace(':', '/manifests/')}`
  const { from, response } = await registryGet(url, { username, password })
  if (!response.ok) return { refusedBy: from, status: response.status }
  const { config, layers } = (await response.json()) as { config: Blob; layers: Blob[] }
  const sizeBytes = [config, ...layers].reduce((sum, { size }) => sum + size, 0)
  return { digest: response.headers.get('docker-content-digest'), sizeBytes }
}

/** As far as sizes go. */
interface Blob {
  readonly size: number
}

test('a build saves into the repository of its project only', needs, async () => {
  await using registry = await start()
  const digest = await push(registry.host, 'ours:build-1', 'build token')
  assert.deepEqual(registry.tokenRequests.at(-1), {
    method: 'POST',
    service: registry.tokenRequests[0]?.service,
    scopes: ['repository:ours:pull,push'],
    shown: 'password',
    status: 200,
  })
  for (const [password, code] of [
    ['pull token', 'SOLVE_FAILED'],
    ['another build token', 'SOLVE_FAILED'],
    ['guessed', 'UNAUTHENTICATED'],
  ] as const)
    await assert.rejects(push(registry.host, 'ours:build-2', password), { code }, password)
  assert.deepEqual(
    (await registry.list('ours')).map((saved) => [saved.tag, saved.digest]),
    [['build-1', digest]],
  )
  assert.deepEqual(await registry.list('theirs'), [])
})

test('whoever may pull from a project gets its images', needs, async () => {
  await using registry = await start()
  const digest = await push(registry.host, 'ours:build-1', 'build token')
  for (const password of ['build token', 'pull token', 'organization token'])
    assert.equal((await pull(registry.host, 'ours:build-1', password)).digest, digest, password)
  assert.deepEqual(await pull(registry.host, 'ours:build-1', 'another build token'), {
    refusedBy: 'registry',
    status: 401,
  })
  const atTheDoor = { refusedBy: 'token server', status: 401 }
  assert.deepEqual(await pull(registry.host, 'ours:build-1', 'guessed'), atTheDoor)
  assert.deepEqual(await pull(registry.host, 'ours:build-1', 'build token', 'somebody'), atTheDoor)
})

test(
  'saved images are listed with tag, digest, size and time, the latest first, and deleted',
  needs,
  async () => {
    await using registry = await start()
    const before = Date.now() - 1_000
    const first = await push(registry.host, 'ours:build-1', 'build token', 'one')
    const second = await push(registry.host, 'ours:build-2', 'build token', 'another')
    const [latest, earlier] = await registry.list('ours')
    assert.deepEqual([latest?.tag, latest?.digest], ['build-2', second])
    assert.deepEqual([earlier?.tag, earlier?.digest], ['build-1', first])
    assert.deepEqual(await pull(registry.host, 'ours:build-2', 'build token'), {
      digest: second,
      sizeBytes: latest?.sizeBytes,
    })
    for (const { pushedAt } of [latest!, earlier!])
      assert.ok(before <= pushedAt.getTime() && pushedAt.getTime() <= Date.now(), pushedAt.toISOString())

    await registry.delete('ours', ['build-1', 'build-9', '../tags'])
    assert.deepEqual(
      (await registry.list('ours')).map(({ tag }) => tag),
      ['build-2'],
    )
    assert.deepEqual(await pull(registry.host, 'ours:build-1', 'build token'), {
      refusedBy: 'registry',
      status: 404,
    })
  },
)
