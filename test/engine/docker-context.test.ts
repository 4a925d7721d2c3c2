import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { chosenEngine } from '../../src/engine/docker-context.ts'
import { contextId, dockerContext, storeContexts } from '../support/docker-contexts.ts'
import { tempDir } from '../support/temp.ts'

/** The folder of a context, as `docker context create` names it: `printf far | sha256sum`. */
const farId = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'

test('DOCKER_HOST comes before DOCKER_CONTEXT, and that before the current context', async () => {
  await using dir = await tempDir()
  const DOCKER_CONFIG = dir.path
  const contexts = {
    far: { meta: dockerContext('tcp://far.example:1') },
    near: { meta: dockerContext('unix:///near.sock') },
  }
  await storeContexts(dir.path, contexts, '{"currentContext": "near"}')
  for (const [env, description, address] of [
    [{ DOCKER_CONFIG }, 'Docker context "near" (currentContext)', 'docker:///near.sock'],
    [{ DOCKER_CONFIG, DOCKER_CONTEXT: '' }, 'Docker context "near" (currentContext)', 'docker:///near.sock'],
    [
      { DOCKER_CONFIG, DOCKER_CONTEXT: 'far' },
      'Docker context "far" (DOCKER_CONTEXT)',
      'docker://far.example:1',
    ],
    [
      { DOCKER_CONFIG, DOCKER_CONTEXT: 'far', DOCKER_HOST: 'tcp://host:2' },
      'DOCKER_HOST=tcp://host:2',
      'docker://host:2',
    ],
  ] as const) {
    const chosen = await chosenEngine(env)
    assert.equal(chosen?.description, description)
    assert.deepEqual(await chosen.target(), { address })
  }
  assert.equal(await chosenEngine({ DOCKER_CONFIG, DOCKER_CONTEXT: 'default' }), undefined)
})

test('without a choice, or a config that can be read, there is no chosen Engine', async () => {
  await using dir = await tempDir()
  assert.equal(await chosenEngine({}), undefined)
  assert.equal(await chosenEngine({ HOME: dir.path }), undefined)
  for (const config of [
    '',
    '{}',
    '{"currentContext": ""}',
    '{"currentContext": "default"}',
    '{"currentContext": 5}',
    '{',
  ])
    for (const DOCKER_CONFIG of [dir.path, '/dev/null']) {
      await storeContexts(dir.path, {}, config)
      assert.equal(await chosenEngine({ DOCKER_CONFIG }), undefined, config)
    }
})

test('the config in the home folder counts, its keys in any case', async () => {
  await using dir = await tempDir()
  await mkdir(join(dir.path, '.docker'))
  await storeContexts(
    join(dir.path, '.docker'),
    { near: { meta: dockerContext('unix:///near.sock') } },
    '{"CURRENTCONTEXT": "near"}',
  )
  assert.deepEqual(await (await chosenEngine({ HOME: dir.path }))?.target(), {
    address: 'docker:///near.sock',
  })
})

test('a context brings the certificates that it has', async () => {
  await using dir = await tempDir()
  const env = (DOCKER_CONTEXT: string) => ({ DOCKER_CONFIG: dir.path, DOCKER_CONTEXT })
  await storeContexts(dir.path, {
    far: { meta: dockerContext('tcp://far.example'), tls: ['ca.pem', 'cert.pem', 'key.pem'] },
    trusting: { meta: dockerContext('tcp://far.example:1'), tls: ['ca.pem'] },
  })
  const folder = (name: string) => {
    return join(dir.path, 'contexts/tls', contextId(name), 'docker')
  }
  const far = folder('far')
  assert.deepEqual(await (await chosenEngine(env('far')))?.target(), {
    address: 'docker://far.example:2376',
    tls: { caFile: join(far, 'ca.pem'), certFile: join(far, 'cert.pem'), keyFile: join(far, 'key.pem') },
  })
  assert.deepEqual(await (await chosenEngine(env('trusting')))?.target(), {
    address: 'docker://far.example:1',
    tls: { caFile: join(folder('trusting'), 'ca.pem') },
  })
})

test('a context that cannot be used says why', async () => {
  await using dir = await tempDir()
  await storeContexts(dir.path, {
    broken: { meta: '{' },
    list: { meta: { Endpoints: { docker: [] } } },
    pipe: { meta: dockerContext('npipe:////./pipe/docker_engine') },
    careless: { meta: dockerContext('tcp://far.example:1', { SkipTLSVerify: true }) },
  })
  const target = async (DOCKER_CONTEXT: string) =>
    await (await chosenEngine({ DOCKER_CONFIG: dir.path, DOCKER_CONTEXT }))?.target()
  await assert.rejects(target('gone'), {
    code: 'INVALID_OPTION',
    subject: 'DOCKER_CONTEXT',
    message:
      /^Docker context "gone" cannot be used: expected a context that is there, got none at .*\. See docker context ls$/,
  })
  // A name is no path.
  await assert.rejects(target('../../..'), { code: 'INVALID_OPTION', expected: 'a context that is there' })
  await assert.rejects(target('broken'), { code: 'INVALID_OPTION', received: /an early end/ })
  await assert.rejects(target('list'), { code: 'INVALID_OPTION', received: /got a list/ })
  await assert.rejects(target('pipe'), {
    code: 'INVALID_OPTION',
    subject: 'Docker context pipe',
    advice: /tcp:\/\/localhost:2375/,
  })
  await assert.rejects(target('careless'), { code: 'UNSUPPORTED', advice: /docker context update careless/ })
})

test('a context’s folder has the digest of its name', async () => {
  await using dir = await tempDir()
  await mkdir(join(dir.path, 'contexts/meta', farId), { recursive: true })
  await writeFile(
    join(dir.path, 'contexts/meta', farId, 'meta.json'),
    JSON.stringify(dockerContext('tcp://far.example:1')),
  )
  const chosen = await chosenEngine({ DOCKER_CONFIG: dir.path, DOCKER_CONTEXT: 'far' })
  assert.deepEqual(await chosen?.target(), { address: 'docker://far.example:1' })
})
