import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { BuildkitError } from '../../../src/base/errors.ts'
import { callerToken, resolveToken } from '../../../src/depot/identity/token.ts'
import { listening } from '../../support/listening.ts'
import { tempDir } from '../../support/temp.ts'

const noSignal = new AbortController().signal

/** A home with a user's configuration. */
async function home(config?: string) {
  const dir = await tempDir()
  await mkdir(join(dir.path, 'depot'))
  if (config !== undefined) await writeFile(join(dir.path, 'depot', 'depot.yaml'), config)
  return { XDG_CONFIG_HOME: dir.path, [Symbol.asyncDispose]: dir[Symbol.asyncDispose] }
}

/** A GitHub that answers each job's question with the next of these. */
async function github(answers: readonly (string | undefined)[]) {
  let asked = 0
  const server = createServer((_, response) => {
    const value = answers[asked++]
    response.writeHead(value === undefined ? 403 : 200).end(JSON.stringify({ value }))
  })
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server)
  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-secret',
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/?x=y`,
    },
    asked: () => asked,
    [Symbol.asyncDispose]: dispose,
  }
}

/** A JSON Web Token that ends in so many seconds. */
function jwt(endsInS: number, name: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: name, exp: Math.floor(Date.now() / 1000) + endsInS })}.sig`
}

describe('resolveToken', () => {
  it('takes the first that is there, in the order of the documentation', async () => {
    await using user = await home('api_token: of-config\n')
    await using nobody = await home()
    await using actions = await github(['of-github'])
    const { XDG_CONFIG_HOME } = user
    // Each step takes away what the one before has found.
    const env: NodeJS.ProcessEnv = {
      DEPOT_TOKEN: 'of-depot-token',
      DEPOT_API_TOKEN: 'of-api-token',
      XDG_CONFIG_HOME,
      ...actions.env,
      GITLAB_CI: 'true',
      DEPOT_OIDC_TOKEN: 'of-gitlab',
      CIRCLE_OIDC_TOKEN_V2: 'of-circleci',
      DEPOT_JIT_TOKEN: 'of-jit',
      DEPOT_CACHE_TOKEN: 'of-cache',
    }
    const found: [string, string][] = []
    const next = async (...taken: string[]) => {
      for (const name of taken) env[name] = name === 'XDG_CONFIG_HOME' ? nobody.XDG_CONFIG_HOME : ''
      const { token, source } = await resolveToken({ env })
      found.push([source, token])
    }
    const given = await resolveToken({ token: 'given', env })
    await next()
    await next('DEPOT_TOKEN')
    await next('DEPOT_API_TOKEN')
    await next('XDG_CONFIG_HOME')
    await next('ACTIONS_ID_TOKEN_REQUEST_TOKEN')
    await next('GITLAB_CI')
    await next('CIRCLE_OIDC_TOKEN_V2')
    await next('DEPOT_JIT_TOKEN')
    assert.deepEqual([given.source, given.token], ['token', 'given'])
    assert.deepEqual(found, [
      ['DEPOT_TOKEN', 'of-depot-token'],
      ['DEPOT_API_TOKEN', 'of-api-token'],
      ['user config', 'of-config'],
      ['GitHub Actions', 'of-github'],
      ['GitLab', 'of-gitlab'],
      ['CircleCI', 'of-circleci'],
      ['DEPOT_JIT_TOKEN', 'of-jit'],
      ['DEPOT_CACHE_TOKEN', 'of-cache'],
    ])
  })

  it('takes the line end off that files and secrets come with', async () => {
    const { token } = await resolveToken({ env: { DEPOT_TOKEN: ' abc\r\n' } })
    assert.equal(token, 'abc')
  })

  it('shows the token neither in JSON nor in what console.log prints', async () => {
    const found = await resolveToken({ token: 'hunter2', env: {} })
    assert.equal(found.token, 'hunter2')
    assert.doesNotMatch(JSON.stringify(found) + inspect(found), /hunter2/)
  })

  it('names every place it has looked at when there is none', async () => {
    await using user = await home()
    await assert.rejects(resolveToken({ env: user }), (error: BuildkitError) => {
      assert.equal(error.code, 'UNAUTHENTICATED')
      for (const place of [
        'the token option',
        'DEPOT_TOKEN',
        'DEPOT_API_TOKEN',
        join(user.XDG_CONFIG_HOME, 'depot', 'depot.yaml'),
        'GitHub Actions, GitLab, CircleCI and Buildkite',
        'DEPOT_JIT_TOKEN or DEPOT_CACHE_TOKEN',
      ])
        assert.ok(error.expected?.includes(place), place)
      assert.equal(error.received, 'none')
      assert.equal(error.cause, undefined)
      return true
    })
  })

  it('goes on after a place that fails, and says so if there is none elsewhere', async () => {
    await using user = await home('api_token: "secret')
    await using actions = await github([undefined, undefined])
    const env = { ...user, ...actions.env, BUILDKITE_AGENT_ACCESS_TOKEN: 'x' }
    const { token } = await resolveToken({ env: { ...env, DEPOT_JIT_TOKEN: 'of-jit' } })
    assert.equal(token, 'of-jit')
    await assert.rejects(resolveToken({ env }), (error: BuildkitError) => {
      assert.equal(error.code, 'UNAUTHENTICATED')
      assert.match(error.received ?? '', /^none, and .*depot\.yaml cannot be used/)
      assert.match(error.message, /GitHub Actions has given no OIDC token: got status 403/)
      assert.match(error.message, /Buildkite cannot be asked for/)
      assert.equal((error.cause as AggregateError).errors.length, 3)
      assert.doesNotMatch(inspect(error), /secret/)
      return true
    })
  })

  it('refuses an empty token option: a tenant without a token must not get ours', async () => {
    for (const token of ['', ' \n'])
      await assert.rejects(resolveToken({ token, env: { DEPOT_TOKEN: 'ours' } }), {
        code: 'INVALID_OPTION',
        subject: 'token',
      })
  })

  it('refuses what cannot be a token, and does not quote it', async () => {
    const wrong: [{ token?: string; env: NodeJS.ProcessEnv }, string][] = [
      [{ token: 'hunter2\r\nx-evil: 1', env: {} }, 'token'],
      [{ env: { DEPOT_TOKEN: 'Bearer hunter2' } }, 'DEPOT_TOKEN'],
      [{ env: { DEPOT_TOKEN: 'hünter2' } }, 'DEPOT_TOKEN'],
    ]
    for (const [options, subject] of wrong)
      await assert.rejects(resolveToken(options), (error: BuildkitError) => {
        assert.equal(error.code, 'INVALID_OPTION')
        assert.equal(error.subject, subject)
        assert.doesNotMatch(inspect(error), /nter2/)
        return true
      })
  })

  it('stops at the provider that it is asking when the caller cancels', async () => {
    const controller = new AbortController()
    const server = createServer(() => controller.abort())
    await using hanging = await listening(server)
    const env = {
      XDG_CONFIG_HOME: '/nowhere',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${hanging.port}/`,
      DEPOT_JIT_TOKEN: 'of-jit',
    }
    await assert.rejects(resolveToken({ env, signal: controller.signal }), { code: 'CANCELLED' })
  })

  it('reads nothing when its module is imported', () => {
    const module = new URL('../../../src/depot/identity/token.ts', import.meta.url).href
    const code = `
      import fs from 'node:fs'
      const read = []
      process.env = new Proxy({}, { get: (_, name) => { read.push(name) }, has: (_, name) => { read.push(name) } })
      await import('${module}')
      console.log(JSON.stringify(read.filter((name) => /^(DEPOT|ACTIONS|CI|GITHUB|XDG|HOME)/.test(String(name)))))`
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', code]
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), '[]\n')
  })
})

describe('callerToken', () => {
  it('keeps a JSON Web Token until a minute before its end', async () => {
    await using user = await home()
    const long = jwt(3600, 'long')
    const short = [jwt(50, 'short 1'), jwt(50, 'short 2')]
    await using actions = await github([...short, long])
    const tokens = callerToken({ env: { ...user, ...actions.env } })
    assert.equal(await tokens.token(noSignal), short[0])
    assert.equal(await tokens.token(noSignal), short[1])
    assert.equal(await tokens.token(noSignal), long)
    assert.equal(await tokens.token(noSignal), long)
    assert.equal(actions.asked(), 3)
  })

  it('asks anew each time for a token that does not say when it ends', async () => {
    await using user = await home()
    await using actions = await github(['opaque-1', 'a.bm9uc2Vuc2U.c', 'opaque-3'])
    const tokens = callerToken({ env: { ...user, ...actions.env } })
    assert.equal(await tokens.token(noSignal), 'opaque-1')
    assert.equal(await tokens.token(noSignal), 'a.bm9uc2Vuc2U.c')
    assert.equal(await tokens.token(noSignal), 'opaque-3')
  })

  it('asks once for many that call at the same time', async () => {
    await using user = await home()
    const long = jwt(3600, 'long')
    await using actions = await github([long])
    const tokens = callerToken({ env: { ...user, ...actions.env } })
    const seen = await Promise.all(
      Array.from({ length: 20 }, () => tokens.token(new AbortController().signal)),
    )
    assert.deepEqual(new Set(seen), new Set([long]))
    assert.equal(actions.asked(), 1)
  })

  it('sees a login that comes later', async () => {
    await using user = await home()
    const tokens = callerToken({ env: user })
    await assert.rejects(async () => tokens.token(noSignal), { code: 'UNAUTHENTICATED' })
    await writeFile(join(user.XDG_CONFIG_HOME, 'depot', 'depot.yaml'), 'api_token: now\n')
    assert.equal(await tokens.token(noSignal), 'now')
  })

  it('serves the others when one of them is cancelled', async () => {
    await using user = await home()
    await using actions = await github([jwt(3600, 'a'), jwt(3600, 'b')])
    const tokens = callerToken({ env: { ...user, ...actions.env } })
    const controller = new AbortController()
    const cancelled = tokens.token(controller.signal)
    const served = tokens.token(noSignal)
    controller.abort(new Error('enough'))
    await assert.rejects(async () => cancelled, new Error('enough'))
    assert.match(await served, /^ey/)
  })

  it('gives up a token that was refused, and has no other than the one of the option', async () => {
    await using user = await home()
    const [first, second] = [jwt(3600, 'first'), jwt(3600, 'second')]
    await using actions = await github([first, second])
    const tokens = callerToken({ env: { ...user, ...actions.env } })
    assert.equal(await tokens.token(noSignal), first)
    assert.equal(tokens.refused(first), true)
    assert.equal(await tokens.token(noSignal), second)
    assert.equal(tokens.refused(first), true, 'by a call that began before')
    assert.equal(await tokens.token(noSignal), second, 'which was not refused')
    assert.equal(callerToken({ token: 'mine', env: {} }).refused('mine'), false)
  })
})
