import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { run } from '../../scripts/parts/command.ts'
import { buildctl, daemonAddress } from './daemon.ts'
import {
  type GuardedRegistry,
  startBasicAuthRegistry,
  startRegistry,
  startTokenRegistry,
} from './registry.ts'
import { skipWithout } from './skip.ts'
import { tempDir } from './temp.ts'

// The registries are held against the reference client, before our own client is held against them.
const needs = { skip: skipWithout('daemon', 'buildctl', 'registry') }

test('the open registry takes a push and gives the manifest back', needs, async () => {
  await using registry = await startRegistry()
  const digest = await push(registry.host, {})
  const answer = await fetch(`http://${registry.host}/v2/me/app/manifests/1`, { headers: acceptManifest })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('docker-content-digest'), digest)
})

test('the registry with basic authentication takes a push with the right password only', needs, async () => {
  await using registry = await startBasicAuthRegistry()
  await assert.rejects(push(registry.host, {}), /401 Unauthorized/)
  await assert.rejects(push(registry.host, auths(registry, 'wrong')), /401 Unauthorized/)
  assert.match(await push(registry.host, auths(registry, registry.password)), /^sha256:/)
})

test('the registry with tokens takes a push with the right password only', needs, async () => {
  await using registry = await startTokenRegistry({ post: false })
  await assert.rejects(push(registry.host, {}), /authorization failed|insufficient_scope/)
  await assert.rejects(push(registry.host, auths(registry, 'wrong')), /401 Unauthorized/)
  assert.match(await push(registry.host, auths(registry, registry.password)), /^sha256:/)
  assert.deepEqual(
    [...new Set(registry.tokenRequests.map(({ method, shown, status }) => `${method} ${shown} ${status}`))],
    ['GET nothing 200', 'POST password 405', 'GET password 401', 'GET password 200'],
  )
  assert.deepEqual(registry.tokenRequests.at(-1)?.scopes, ['repository:me/app:pull,push'])
})

const acceptManifest = { accept: 'application/vnd.oci.image.manifest.v1+json' }

/** A Docker config file's `auths`. */
function auths({ host, username }: GuardedRegistry, password: string): object {
  return { [host]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } }
}

/** Pushes a tiny image as `me/app:1` and gives its digest. */
async function push(host: string, credentials: object): Promise<string> {
  await using dir = await tempDir()
  await writeFile(`${dir.path}/config.json`, JSON.stringify({ auths: credentials }))
  await writeFile(`${dir.path}/Dockerfile`, 'FROM scratch\nCOPY Dockerfile /\n')
  const metadata = `${dir.path}/metadata.json`
  const flags = ['--frontend=dockerfile.v0', `--local=context=${dir.path}`, `--local=dockerfile=${dir.path}`]
  const output = `--output=type=image,name=${host}/me/app:1,push=true,oci-mediatypes=true`
  await run(buildctl(), ['--addr', daemonAddress(), 'build', ...flags, output, '--metadata-file', metadata], {
    env: { ...process.env, DOCKER_CONFIG: dir.path },
  })
  return JSON.parse(await readFile(metadata, 'utf8'))['containerimage.digest']
}
