import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Credentials } from '../../src/registry/credentials.ts'
import {
  checkDockerConfig,
  dockerConfigCredentials,
  dockerConfigDir,
} from '../../src/registry/docker-config.ts'
import { tempDir } from '../support/temp.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const never = new AbortController().signal

/** A Docker config folder, with helpers in it. */
async function dockerConfig(config?: unknown) {
  const dir = await tempDir()
  const file = join(dir.path, 'config.json')
  const write = (value: unknown) => writeFile(file, typeof value === 'string' ? value : JSON.stringify(value))
  if (config !== undefined) await write(config)
  const env = { DOCKER_CONFIG: dir.path, PATH: `${dir.path}:/usr/bin:/bin` }
  const ask = (host: string, more: NodeJS.ProcessEnv = {}, signal = never) =>
    dockerConfigCredentials({ env: { ...env, ...more } })(host, signal)
  /** A helper that answers its own name as the user and the server key as the password. */
  const addHelper = async (name: string) => {
    const program = join(dir.path, `docker-credential-${name}`)
    await writeFile(
      program,
      `#!/bin/sh\nread key\necho "{\\"Username\\":\\"${name}\\",\\"Secret\\":\\"$key\\"}"\n`,
    )
    await chmod(program, 0o755)
  }
  return { file, env, write, ask, addHelper, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

describe('dockerConfigCredentials', () => {
  const entries: [string, object, Credentials | undefined][] = [
    ['auth', { auth: base64('me:p:w') }, { username: 'me', password: 'p:w' }],
    ['an auth padded with zeros', { auth: base64('me:pw\0\0') }, { username: 'me', password: 'pw' }],
    ['an auth of unicode', { auth: base64('mé:pä') }, { username: 'mé', password: 'pä' }],
    ['a user name and password', { username: 'me', password: 'pw' }, { username: 'me', password: 'pw' }],
    [
      'auth before a user name',
      { auth: base64('a:b'), username: 'me', password: 'pw' },
      { username: 'a', password: 'b' },
    ],
    [
      'an identity token, whatever auth says',
      { auth: base64('0000:'), identitytoken: 'idt' },
      { identityToken: 'idt' },
    ],
    [
      'a registry token first of all',
      { registrytoken: 'rt', identitytoken: 'idt', auth: base64('a:b') },
      { registryToken: 'rt' },
    ],
    ['an empty entry as anonymous', {}, undefined],
    ['a user without a password as anonymous', { auth: base64('me:') }, undefined],
    [
      'null fields as absent',
      { auth: null, username: 'me', password: 'pw' },
      { username: 'me', password: 'pw' },
    ],
  ]
  for (const [name, entry, expected] of entries) {
    it(`reads ${name}`, async () => {
      await using at = await dockerConfig({ auths: { 'registry.example': entry } })
      assert.deepEqual(await at.ask('registry.example'), expected)
    })
  }

  it('gives each host its own and a stranger nothing', async () => {
    await using at = await dockerConfig({
      auths: {
        'registry.example': { auth: base64('a:1') },
        'registry.example:5000': { auth: base64('b:2') },
        'https://old.example/v1/': { auth: base64('c:3') },
        'https://index.docker.io/v1/': { auth: base64('d:4') },
      },
    })
    const users = async (host: string) =>
      ((await at.ask(host)) as { username?: string } | undefined)?.username
    assert.equal(await users('registry.example'), 'a')
    assert.equal(await users('REGISTRY.EXAMPLE'), 'a')
    assert.equal(await users('registry.example:5000'), 'b')
    assert.equal(await users('old.example'), 'c')
    assert.equal(await users('registry-1.docker.io'), 'd')
    for (const host of ['sub.registry.example', 'registry.example:5001', 'example', 'x.registry-1.docker.io'])
      assert.equal(await users(host), undefined, host)
  })

  it('asks the helper of the host, else that of the store, and never mixes in auths', async () => {
    await using at = await dockerConfig({
      auths: { 'plain.example': { auth: base64('file:file') }, 'own.example': { auth: base64('file:file') } },
      credHelpers: { 'own.example': 'own', 'none.example': '', 'https://index.docker.io/v1/': 'hub' },
      credsStore: 'store',
    })
    for (const name of ['own', 'store', 'hub']) await at.addHelper(name)
    assert.deepEqual(await at.ask('own.example'), { username: 'own', password: 'own.example' })
    assert.deepEqual(await at.ask('plain.example'), { username: 'store', password: 'plain.example' })
    assert.deepEqual(await at.ask('registry-1.docker.io'), {
      username: 'hub',
      password: 'https://index.docker.io/v1/',
    })
    assert.equal(await at.ask('none.example'), undefined)
  })

  it('says where the helper that fails is named', async () => {
    await using at = await dockerConfig({ credHelpers: { 'a.example': 'absent' }, credsStore: 'missing' })
    const from = at.file.replaceAll('.', '\\.')
    await assert.rejects(at.ask('a.example'), {
      code: 'CREDENTIALS_FAILED',
      subject: 'docker-credential-absent',
      advice: new RegExp(`^It is configured by credHelpers\\["a\\.example"\\] in ${from}$`),
    })
    await assert.rejects(at.ask('b.example'), {
      code: 'CREDENTIALS_FAILED',
      subject: 'docker-credential-missing',
      advice: new RegExp(`^It is configured by credsStore in ${from}$`),
    })
  })

  it('runs no helper for what is no host', async () => {
    await using at = await dockerConfig({ credHelpers: { 'a.example\nlist': 'absent' } })
    assert.equal(await at.ask('a.example\nlist'), undefined)
  })

  it('takes DOCKER_AUTH_CONFIG first', async () => {
    await using at = await dockerConfig({
      auths: { 'a.example': { auth: base64('file:1') }, 'b.example': { auth: base64('file:2') } },
    })
    const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'a.example': { auth: base64('variable:3') } } })
    assert.deepEqual(await at.ask('a.example', { DOCKER_AUTH_CONFIG }), {
      username: 'variable',
      password: '3',
    })
    assert.deepEqual(await at.ask('b.example', { DOCKER_AUTH_CONFIG }), { username: 'file', password: '2' })
    assert.deepEqual(await at.ask('a.example', { DOCKER_AUTH_CONFIG: ' ' }), {
      username: 'file',
      password: '1',
    })
  })

  it('is anonymous without a file, and reads it anew for every question', async () => {
    await using at = await dockerConfig()
    assert.equal(await at.ask('a.example'), undefined)
    await at.write('\n')
    assert.equal(await at.ask('a.example'), undefined)
    await at.write({ auths: { 'a.example': { auth: base64('me:1') } } })
    assert.deepEqual(await at.ask('a.example'), { username: 'me', password: '1' })
    await at.write({ auths: {} })
    assert.equal(await at.ask('a.example'), undefined)
  })

  const secret = 'hunter2'
  const broken: [string, unknown, RegExp][] = [
    ['that is no JSON', `{"auths": {"a.example": {"auth": "${secret}"`, /expected JSON, got an early end/],
    ['that is text', `${secret}`, /expected JSON, got a mistake at position 0/],
    ['that is a list', [secret], /expected a JSON object, got a list/],
    ['whose auths are a list', { auths: [secret] }, /expected auths to be an object, got a list/],
    [
      'whose entry is text',
      { auths: { 'a.example': secret } },
      /expected auths\["a\.example"\] to be an object, got a string/,
    ],
    [
      'whose auth is a number',
      { auths: { 'a.example': { auth: 7 } } },
      /auths\["a\.example"\]\.auth to be text, got a number/,
    ],
    [
      'whose token is an object',
      { auths: { 'a.example': { identitytoken: { secret } } } },
      /identitytoken to be text, got an object/,
    ],
    [
      'whose auth is not base64',
      { auths: { 'a.example': { auth: `${secret}!` } } },
      /auths\["a\.example"\]\.auth to be base64 of user:password/,
    ],
    [
      'whose auth holds no colon',
      { auths: { 'a.example': { auth: base64(secret) } } },
      /to be base64 of user:password/,
    ],
    [
      'whose auth is no UTF-8',
      { auths: { 'a.example': { auth: Buffer.from(`me:${secret}\xe4`, 'latin1').toString('base64') } } },
      /to be base64 of user:password/,
    ],
    [
      'whose auth holds no user',
      { auths: { 'a.example': { auth: base64(`:${secret}`) } } },
      /to be base64 of user:password/,
    ],
    ['whose helpers are text', { credHelpers: secret }, /expected credHelpers to be an object, got a string/],
    [
      'whose helper is an object',
      { credHelpers: { 'a.example': { secret } } },
      /expected credHelpers\["a\.example"\] to be the name of a helper, got an object/,
    ],
    ['whose store is a list', { credsStore: [secret] }, /expected credsStore to be text, got a list/],
  ]
  for (const [name, config, message] of broken) {
    it(`names the file ${name}, and tells nothing of its contents`, async () => {
      await using at = await dockerConfig(config)
      await assert.rejects(at.ask('a.example'), (error: Error & { code?: string; subject?: string }) => {
        assert.equal(error.code, 'CREDENTIALS_FAILED')
        assert.equal(error.subject, at.file)
        assert.match(error.message, message)
        assert.ok(error.message.startsWith(`Docker config ${at.file} is malformed: `))
        const everything = inspect(error, { depth: 9 }) + JSON.stringify(error)
        assert.ok(!everything.includes(secret) && !everything.includes(base64(secret)), everything)
        return true
      })
    })
  }

  it('names DOCKER_AUTH_CONFIG where that is malformed', async () => {
    await using at = await dockerConfig()
    await assert.rejects(at.ask('a.example', { DOCKER_AUTH_CONFIG: secret }), {
      code: 'CREDENTIALS_FAILED',
      subject: 'DOCKER_AUTH_CONFIG',
    })
  })

  it('does not mind a broken entry of another host', async () => {
    await using at = await dockerConfig({
      auths: { 'a.example': { auth: base64('me:1') }, 'b.example': { auth: '!' } },
    })
    assert.deepEqual(await at.ask('a.example'), { username: 'me', password: '1' })
  })

  it('is anonymous where the folder is a file', async () => {
    await using at = await dockerConfig('')
    assert.equal(await at.ask('a.example', { DOCKER_CONFIG: at.file }), undefined)
    assert.equal(await at.ask('a.example', { DOCKER_CONFIG: '/dev/null' }), undefined)
  })

  it('names a file that cannot be read', async () => {
    await using at = await dockerConfig()
    await mkdir(at.file)
    await assert.rejects(at.ask('a.example'), {
      code: 'CREDENTIALS_FAILED',
      subject: at.file,
      received: 'EISDIR',
    })
  })

  it('throws the reason of a signal that has aborted', async () => {
    await using at = await dockerConfig({})
    const reason = new Error('enough')
    await assert.rejects(at.ask('a.example', {}, AbortSignal.abort(reason)), (error) => error === reason)
  })
})

describe('checkDockerConfig', () => {
  it('finds what is malformed whatever the host, in the file and in the variable', async () => {
    await using at = await dockerConfig('{"auths":{"a.example":{"auth":"!"}}}')
    const check = (more: NodeJS.ProcessEnv = {}) => checkDockerConfig({ env: { ...at.env, ...more } }, never)
    await check()
    await check({ DOCKER_AUTH_CONFIG: '{"auths":{}}' })
    for (const text of ['{', '[]', '{"auths":[]}', '{"credHelpers":7}', '{"credsStore":{}}']) {
      const error = { code: 'CREDENTIALS_FAILED' }
      await assert.rejects(
        check({ DOCKER_AUTH_CONFIG: text }),
        { ...error, subject: 'DOCKER_AUTH_CONFIG' },
        text,
      )
      await at.write(text)
      await assert.rejects(check(), { ...error, subject: at.file }, text)
      await at.write({})
    }
  })
})

describe('dockerConfigDir', () => {
  it('is the folder given, else DOCKER_CONFIG, else .docker in the home folder', () => {
    const env = { DOCKER_CONFIG: '/config', HOME: '/home/me' }
    assert.equal(dockerConfigDir({ configDir: '/given', env }), '/given')
    assert.equal(dockerConfigDir({ env }), '/config')
    assert.equal(dockerConfigDir({ env: { HOME: '/home/me' } }), '/home/me/.docker')
    assert.equal(dockerConfigDir({ env: { DOCKER_CONFIG: '', HOME: '/home/me' } }), '/home/me/.docker')
    assert.equal(dockerConfigDir({ env: {} }), join(homedir(), '.docker'))
  })
})
