import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { deferred } from '../../../src/base/deferred.ts'
import { BuildkitError } from '../../../src/base/errors.ts'
import { moby } from '../../../src/gen/buildkit.js'
import { RpcClient } from '../../../src/grpc/client.ts'
import { Code } from '../../../src/grpc/status.ts'
import type { Attachable } from '../../../src/session/attachable.ts'
import {
  type Credentials,
  type CredentialUse,
  callbackAuth,
  dockerConfigAuth,
  staticAuth,
} from '../../../src/session/auth/auth.ts'
import { linkedPair } from '../../support/linked-pair.ts'
import { sessionOf } from '../../support/session-of.ts'
import { tempDir } from '../../support/temp.ts'

const v1 = moby.filesync.v1
const service = '/moby.filesync.v1.Auth'
/** What turns the client's tokens on, whatever the environment of the tests says. */
const env = {}

/** The daemon's side of a session that serves one attachable. */
async function daemonOf(attachable: Attachable) {
  const served = sessionOf([attachable])
  const { session } = served
  const [ours, theirs] = linkedPair()
  const running = session.run(() => ours)
  const rpc = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  await rpc.ready
  const signal = AbortSignal.timeout(30_000)
  const call = (method: string, message: Uint8Array) => rpc.unary(`${service}/${method}`, message, { signal })
  return {
    served,
    call,
    async credentials(Host: string) {
      const reply = await call('Credentials', v1.CredentialsRequest.encode({ Host }).finish())
      const { Username, Secret } = v1.CredentialsResponse.decode(reply)
      return [Username, Secret]
    },
    async fetchToken(Host: string, Realm: string, Scopes = ['repository:a:pull']) {
      const request = { ClientID: 'x', Host, Realm, Service: 'registry', Scopes }
      const reply = await call('FetchToken', v1.FetchTokenRequest.encode(request).finish())
      const { Token, ExpiresIn, IssuedAt } = v1.FetchTokenResponse.decode(reply)
      return [Token, Number(ExpiresIn), Number(IssuedAt)]
    },
    async publicKey(Host: string, salt = 'salt') {
      const request = { Host, Salt: Buffer.from(salt) }
      const reply = await call('GetTokenAuthority', v1.GetTokenAuthorityRequest.encode(request).finish())
      return Buffer.from(v1.GetTokenAuthorityResponse.decode(reply).PublicKey)
    },
    async signed(Host: string, payload: Buffer, salt = 'salt') {
      const request = { Host, Salt: Buffer.from(salt), Payload: payload }
      const message = v1.VerifyTokenAuthorityRequest.encode(request).finish()
      const reply = await call('VerifyTokenAuthority', message)
      return Buffer.from(v1.VerifyTokenAuthorityResponse.decode(reply).Signed)
    },
    async [Symbol.asyncDispose]() {
      session.close()
      await running
      rpc.close()
    },
  }
}

/** A token server that takes one password, which may change, and gives its user's name as the token. */
async function tokenServer(password: { now: string }, refusal = 401) {
  const methods: string[] = []
  const server = createServer(async (incoming, response) => {
    const form = new URLSearchParams(Buffer.concat(await incoming.toArray()).toString())
    methods.push(incoming.method ?? '')
    const anonymous = incoming.method === 'GET' && incoming.headers.authorization === undefined
    if (!anonymous && form.get('password') !== password.now) {
      response.writeHead(refusal).end()
      return
    }
    const token = `token of ${form.get('username') ?? 'nobody'}`
    response.end(JSON.stringify({ access_token: token, issued_at: '1970-01-01T00:01:40Z' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    methods,
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const spki = Buffer.from('302a300506032b6570032100', 'hex')
const everyonesKey = 'a7878eff9d42de4f00cb8529dd435d19412c60bc1526483e7c5c3e6325d7ab26'
const login: Credentials = { username: 'me', password: 'hunter2' }

describe('the methods served', () => {
  it('are those of the Auth service', () => {
    for (const attachable of [dockerConfigAuth(), staticAuth({}), callbackAuth(() => undefined)]) {
      assert.deepEqual(Object.keys(attachable.methods), [
        '/moby.filesync.v1.Auth/Credentials',
        '/moby.filesync.v1.Auth/FetchToken',
        '/moby.filesync.v1.Auth/GetTokenAuthority',
        '/moby.filesync.v1.Auth/VerifyTokenAuthority',
      ])
    }
  })
})

describe('a malformed request', () => {
  it('is refused by every method', async () => {
    await using daemon = await daemonOf(staticAuth({ 'a.example': login }, { env }))
    for (const method of ['Credentials', 'FetchToken', 'GetTokenAuthority', 'VerifyTokenAuthority']) {
      await assert.rejects(daemon.call(method, Buffer.from('0aff', 'hex')), {
        message: `the daemon sent a malformed ${method}Request`,
      })
    }
    assert.equal((daemon.served.handlerError as BuildkitError).code, 'PROTOCOL_ERROR')
  })
})

describe('the options of credentials', () => {
  it('are refused where there are none of that name', () => {
    for (const make of [
      () => dockerConfigAuth({ path: '/etc/docker' } as never),
      () => staticAuth({}, { path: '' } as never),
      () => callbackAuth(() => undefined, { path: '' } as never),
    ])
      assert.throws(make, { code: 'INVALID_OPTION', subject: 'path' })
  })
})

describe('the TLS options of credentials', () => {
  it('are checked before a build', async () => {
    const { signal } = new AbortController()
    const tls = { 'a.example': { caFile: '/no/such/file' } }
    const none = { DOCKER_CONFIG: '/dev/null' }
    for (const attachable of [
      staticAuth({}, { tls }),
      callbackAuth(() => undefined, { tls }),
      dockerConfigAuth({ tls, env: none }),
    ])
      await assert.rejects(async () => attachable.check?.(signal), {
        code: 'INVALID_OPTION',
        subject: 'tls["a.example"].caFile',
      })
    await dockerConfigAuth({ tls: { 'a.example': {} }, env: none }).check?.(signal)
    assert.throws(() => staticAuth({}, { tls: { 'a b': {} } }), { code: 'INVALID_OPTION', subject: 'tls' })
  })
})

describe('staticAuth', () => {
  it('gives each host its own, and a stranger nothing', async () => {
    await using daemon = await daemonOf(
      staticAuth({
        'a.example': login,
        'a.example:5000': { username: 'you', password: 'other' },
        'https://b.example/v1/': { identityToken: 'idt' },
        'c.example': { registryToken: 'rt' },
        'docker.io': { username: 'hub', password: 'hub' },
      }),
    )
    const expected: [string, string[]][] = [
      ['a.example', ['me', 'hunter2']],
      ['A.Example', ['me', 'hunter2']],
      ['a.example:5000', ['you', 'other']],
      ['b.example', ['', 'idt']],
      ['c.example', ['', '']],
      ['registry-1.docker.io', ['hub', 'hub']],
      ['a.example:5001', ['', '']],
      ['a.example:443', ['', '']],
      ['x.a.example', ['', '']],
      ['a.example.evil', ['', '']],
      ['example', ['', '']],
      ['a.example/x', ['', '']],
      ['https://a.example', ['', '']],
      ['x@a.example', ['', '']],
      ['a.example\n', ['', '']],
      ['', ['', '']],
      ['constructor', ['', '']],
    ]
    for (const [host, answer] of expected) assert.deepEqual(await daemon.credentials(host), answer, host)
    assert.equal(daemon.served.handlerError, undefined)
  })

  it('refuses what is no host and no credentials, without repeating them', () => {
    const bad: [Record<string, unknown>, string][] = [
      [{ 'a.example/': 'me:hunter2' }, 'staticAuth["a.example/"]'],
      [{ 'a.example': { username: 'me', password: ['hunter2'] } }, 'staticAuth["a.example"]'],
      [{ 'a.example': { username: 'hunter2' } }, 'staticAuth["a.example"]'],
      [{ 'https://me:hunter2@a.example': login }, 'staticAuth'],
      [{ 'a example': login }, 'staticAuth'],
    ]
    for (const [credentials, subject] of bad) {
      assert.throws(
        () => staticAuth(credentials as Record<string, Credentials>),
        (error: BuildkitError) => {
          assert.equal(error.code, 'INVALID_OPTION')
          assert.equal(error.subject, subject)
          assert.doesNotMatch(inspect(error, { depth: 9 }) + JSON.stringify(error), /hunter2/)
          return true
        },
      )
    }
  })

  it('does not notice later changes of its argument', async () => {
    const credentials: Record<string, Credentials> = { 'a.example': login }
    const attachable = staticAuth(credentials)
    credentials['a.example'] = { username: 'x', password: 'x' }
    credentials['b.example'] = login
    await using daemon = await daemonOf(attachable)
    assert.deepEqual(await daemon.credentials('a.example'), ['me', 'hunter2'])
    assert.deepEqual(await daemon.credentials('b.example'), ['', ''])
  })
})

describe('FetchToken', () => {
  it('fetches with the credentials of the host, and without any for another', async () => {
    await using server = await tokenServer({ now: 'hunter2' })
    const uses: CredentialUse[] = []
    await using daemon = await daemonOf(
      staticAuth({ 'localhost:5000': login }, { env, onUse: (use) => uses.push(use) }),
    )
    assert.deepEqual(await daemon.fetchToken('localhost:5000', server.realm), ['token of me', 60, 100])
    assert.deepEqual(await daemon.fetchToken('localhost:5001', server.realm), ['token of nobody', 60, 100])
    assert.deepEqual(server.methods, ['POST', 'GET'])
    assert.deepEqual(uses, [{ host: 'localhost:5000', kind: 'token', scopes: ['repository:a:pull'] }])
  })

  it('fetches although the function that is called with uses throws, or rejects', async (t) => {
    const warnings: string[] = []
    t.mock.method(process, 'emitWarning', (message: string) => warnings.push(message))
    await using server = await tokenServer({ now: 'hunter2' })
    for (const onUse of [() => assert.fail('no'), () => Promise.reject(new Error('no'))]) {
      await using daemon = await daemonOf(staticAuth({ 'localhost:5000': login }, { env, onUse }))
      assert.deepEqual(await daemon.fetchToken('localhost:5000', server.realm), ['token of me', 60, 100])
      assert.deepEqual(await daemon.credentials('localhost:5000'), ['me', 'hunter2'])
    }
    assert.deepEqual(warnings, Array(4).fill('the function given as onUse failed: no'))
  })

  for (const refusal of [401, 403]) {
    it(`looks credentials up once more after ${refusal}, and tries again only with others`, async () => {
      const password = { now: 'hunter2' }
      await using server = await tokenServer(password, refusal)
      let asked = 0
      await using daemon = await daemonOf(
        callbackAuth(
          () => {
            asked++
            return { username: 'me', password: password.now }
          },
          { env },
        ),
      )
      await daemon.fetchToken('localhost:5000', server.realm)
      password.now = 'renewed'
      assert.deepEqual(await daemon.fetchToken('localhost:5000', server.realm), ['token of me', 60, 100])
      assert.equal(asked, 2)
      assert.deepEqual(server.methods, ['POST', 'POST', 'GET', 'POST'])
    })
  }

  it('fails the call and keeps the error for the user where the credentials stay refused', async () => {
    await using server = await tokenServer({ now: 'another' })
    await using daemon = await daemonOf(staticAuth({ 'localhost:5000': login }, { env }))
    await assert.rejects(daemon.fetchToken('localhost:5000', server.realm), {
      grpcCode: Code.Unknown,
      message:
        /^no token for localhost:5000: http:\/\/127\.0\.0\.1:\d+\/token refused the credentials: got status 401/,
    })
    assert.deepEqual(server.methods, ['POST', 'GET'])
    const error = daemon.served.handlerError as BuildkitError
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.doesNotMatch(inspect(error, { depth: 9 }) + JSON.stringify(error), /hunter2/)
  })

  it('fetches nothing for what is no host', async () => {
    await using server = await tokenServer({ now: 'hunter2' })
    await using daemon = await daemonOf(staticAuth({}, { env }))
    for (const host of ['', 'a b', 'http://localhost', 'a'.repeat(100_000)]) {
      await assert.rejects(daemon.fetchToken(host, server.realm), { grpcCode: Code.InvalidArgument })
    }
    assert.deepEqual(server.methods, [])
  })

  it('ends when the daemon waits no longer', async () => {
    const reached = deferred()
    const aborted = deferred<unknown>()
    const attachable = callbackAuth((_host, signal) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      reached.resolve()
      return new Promise(() => {})
    })
    {
      await using daemon = await daemonOf(attachable)
      daemon.fetchToken('localhost:5000', 'http://localhost/').catch(() => {})
      await reached.promise
    }
    assert.ok((await aborted.promise) instanceof Error)
  })
})

describe('the token authority', () => {
  it('has everyone the same key without credentials', async () => {
    await using daemon = await daemonOf(staticAuth({}, { env }))
    assert.equal((await daemon.publicKey('a.example')).toString('hex'), everyonesKey)
  })

  it('has a key of its own with credentials of any kind, and proves it', async () => {
    const credentials = { 'a.example': login, 'b.example': { registryToken: 'rt' } }
    await using daemon = await daemonOf(staticAuth(credentials, { env }))
    await using other = await daemonOf(staticAuth(credentials, { env }))
    const payload = Buffer.from('0123456789abcdef0123456789abcdef')
    for (const host of ['a.example', 'b.example']) {
      const key = await daemon.publicKey(host)
      assert.equal(key.length, 32)
      assert.notEqual(key.toString('hex'), everyonesKey)
      assert.deepEqual(await daemon.publicKey(host), key)
      assert.notDeepEqual(await daemon.publicKey(host, 'pepper'), key)
      assert.notDeepEqual(await other.publicKey(host), key)
      const signed = await daemon.signed(host, payload)
      assert.deepEqual(signed.subarray(64), payload)
      const publicKey = createPublicKey({ key: Buffer.concat([spki, key]), format: 'der', type: 'spki' })
      assert.ok(verify(null, payload, publicKey, signed.subarray(0, 64)))
    }
  })

  it('is Unavailable with BUILDKIT_NO_CLIENT_TOKEN, while credentials are not', async () => {
    for (const value of ['1', 't', 'T', 'TRUE', 'true', 'True']) {
      const off = { env: { BUILDKIT_NO_CLIENT_TOKEN: value } }
      await using daemon = await daemonOf(staticAuth({ 'a.example': login }, off))
      await assert.rejects(daemon.publicKey('a.example'), { grpcCode: Code.Unavailable })
      await assert.rejects(daemon.signed('a.example', Buffer.from('x')), { grpcCode: Code.Unavailable })
      assert.deepEqual(await daemon.credentials('a.example'), ['me', 'hunter2'])
    }
    for (const value of ['0', 'false', '', 'yes']) {
      const on = { env: { BUILDKIT_NO_CLIENT_TOKEN: value } }
      await using daemon = await daemonOf(staticAuth({}, on))
      assert.equal((await daemon.publicKey('a.example')).length, 32)
    }
  })
})

describe('callbackAuth', () => {
  it('asks once per host, by the name the daemon uses, and hosts side by side', async () => {
    const asked: string[] = []
    const both = deferred()
    await using daemon = await daemonOf(
      callbackAuth(async (host) => {
        asked.push(host)
        if (asked.length === 2) both.resolve()
        await both.promise
        return { username: host, password: 'p' }
      }),
    )
    const hosts = ['registry-1.docker.io', 'a.example:5000', 'registry-1.docker.io', 'a.example:5000']
    const answers = await Promise.all(hosts.map((host) => daemon.credentials(host)))
    assert.deepEqual(
      answers,
      hosts.map((host) => [host, 'p']),
    )
    assert.deepEqual(asked.sort(), ['a.example:5000', 'registry-1.docker.io'])
  })

  it('takes no answer as anonymous, and asks about nothing that is no host', async () => {
    const asked: string[] = []
    await using daemon = await daemonOf(
      callbackAuth((host) => {
        asked.push(host)
        return undefined
      }),
    )
    for (const host of ['a.example', '../a', 'a b', ''])
      assert.deepEqual(await daemon.credentials(host), ['', ''])
    assert.deepEqual(asked, ['a.example'])
  })

  it('reports every use that is not anonymous', async () => {
    const uses: CredentialUse[] = []
    await using daemon = await daemonOf(
      callbackAuth((host) => (host === 'a.example' ? login : undefined), { onUse: (use) => uses.push(use) }),
    )
    await daemon.credentials('a.example')
    await daemon.credentials('b.example')
    assert.deepEqual(uses, [{ host: 'a.example', kind: 'credentials', scopes: [] }])
  })

  it('fails the call, keeps what was thrown as the cause, and tells the daemon nothing of it', async () => {
    const thrown = new Error('vault token hunter2 has expired')
    await using daemon = await daemonOf(
      callbackAuth(() => {
        throw thrown
      }),
    )
    await assert.rejects(daemon.credentials('a.example'), (error: Error) => {
      assert.match(error.message, /^the callback for the credentials of a\.example has failed: /)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
    const error = daemon.served.handlerError as BuildkitError
    assert.equal(error.code, 'CREDENTIALS_FAILED')
    assert.equal(error.subject, 'a.example')
    assert.equal(error.cause, thrown)
    assert.doesNotMatch(error.message + JSON.stringify(error), /hunter2/)
  })

  it('passes an error of ours on as it is, and asks again after a failure', async () => {
    const errors = [new BuildkitError('CREDENTIALS_FAILED', 'the vault is sealed')]
    await using daemon = await daemonOf(
      callbackAuth(() => {
        const error = errors.pop()
        if (error !== undefined) throw error
        return login
      }),
    )
    await assert.rejects(daemon.credentials('a.example'), { message: 'the vault is sealed' })
    assert.deepEqual(await daemon.credentials('a.example'), ['me', 'hunter2'])
  })

  it('refuses an answer of another form, without repeating it', async () => {
    for (const answer of ['hunter2', { username: 'hunter2' }, 7, null]) {
      await using daemon = await daemonOf(callbackAuth(() => answer as unknown as Credentials))
      await assert.rejects(daemon.credentials('a.example'), (error: Error) => {
        assert.match(error.message, /expected \{ username, password \}, \{ identityToken \} or/)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
    }
  })
})

describe('dockerConfigAuth', () => {
  it('reads the file when the daemon asks, and keeps a seed beside it only for known hosts', async () => {
    await using dir = await tempDir()
    await using daemon = await daemonOf(dockerConfigAuth({ configDir: dir.path, env }))
    await using again = await daemonOf(dockerConfigAuth({ configDir: dir.path, env }))
    const auth = Buffer.from('me:hunter2').toString('base64')
    await writeFile(join(dir.path, 'config.json'), JSON.stringify({ auths: { 'a.example': { auth } } }))
    assert.deepEqual(await daemon.credentials('a.example'), ['me', 'hunter2'])
    assert.equal((await daemon.publicKey('b.example')).toString('hex'), everyonesKey)
    assert.deepEqual(await readdir(dir.path), ['config.json'])
    assert.deepEqual(await daemon.publicKey('a.example'), await again.publicKey('a.example'))
    assert.deepEqual((await readdir(dir.path)).sort(), ['.token_seed', 'config.json'])
  })

  it('reads process.env without options, at the time the daemon asks', async () => {
    const attachable = dockerConfigAuth()
    const before = process.env.DOCKER_AUTH_CONFIG
    const auth = Buffer.from('me:hunter2').toString('base64')
    process.env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'a.example': { auth } } })
    try {
      await using daemon = await daemonOf(attachable)
      assert.deepEqual(await daemon.credentials('a.example'), ['me', 'hunter2'])
    } finally {
      if (before === undefined) delete process.env.DOCKER_AUTH_CONFIG
      else process.env.DOCKER_AUTH_CONFIG = before
    }
  })

  it('runs a credential helper once for many questions', async () => {
    await using dir = await tempDir()
    await writeFile(join(dir.path, 'config.json'), JSON.stringify({ credsStore: 'fake' }))
    const program = join(dir.path, 'docker-credential-fake')
    await writeFile(program, '#!/bin/sh\necho x >> $LOG\necho \'{"Username":"<token>","Secret":"idt"}\'\n')
    await chmod(program, 0o755)
    const log = join(dir.path, 'log')
    await using daemon = await daemonOf(
      dockerConfigAuth({ configDir: dir.path, env: { PATH: `${dir.path}:/usr/bin:/bin`, LOG: log } }),
    )
    await Promise.all([1, 2, 3].map(() => daemon.publicKey('a.example')))
    assert.deepEqual(await daemon.credentials('a.example'), ['', 'idt'])
    assert.equal(await readFile(log, 'utf8'), 'x\n')
  })

  it('fails the call for a malformed file and for a helper that hangs, and keeps the error', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, 'config.json')
    const program = join(dir.path, 'docker-credential-slow')
    await writeFile(program, '#!/bin/sh\nexec sleep 600\n')
    await chmod(program, 0o755)
    const cases: [string, string, RegExp][] = [
      ['{"auths": hunter2', file, /is malformed: expected JSON/],
      [
        '{"credsStore":"slow"}',
        'docker-credential-slow',
        /timed out: expected credentials for a\.example within 200 ms/,
      ],
    ]
    for (const [config, subject, message] of cases) {
      await writeFile(file, config)
      const attachable = dockerConfigAuth({
        configDir: dir.path,
        env: { PATH: `${dir.path}:/usr/bin:/bin` },
        helperTimeoutMs: 200,
      })
      for (const method of ['publicKey', 'credentials'] as const) {
        await using daemon = await daemonOf(attachable)
        await assert.rejects(daemon[method]('a.example'), { grpcCode: Code.Unknown, message })
        const error = daemon.served.handlerError as BuildkitError
        assert.equal(error.code, 'CREDENTIALS_FAILED')
        assert.equal(error.subject, subject)
        assert.doesNotMatch(inspect(error, { depth: 9 }) + JSON.stringify(error), /hunter2/)
      }
    }
  })
})
