import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import https from 'node:https'
import { describe, it } from 'node:test'
import { moby } from '../../../src/gen/buildkit.js'
import { Code, RpcError } from '../../../src/grpc/status.ts'
import { type Attachable, unary } from '../../../src/session/attachable.ts'
import { callbackAuth, staticAuth } from '../../../src/session/auth/auth.ts'
import { grantedAuth, type RegistryGrant } from '../../../src/session/auth/granted-auth.ts'
import { isAuth, registryAuthOf } from '../../../src/session/auth/local-auth.ts'
import { callLocally } from '../../../src/session/local-call.ts'
import { createAuthority } from '../../support/certificates.ts'
import { listening } from '../../support/listening.ts'
import { startProxy } from '../../support/proxy.ts'

const v1 = moby.filesync.v1
const service = '/moby.filesync.v1.Auth'
const { signal } = new AbortController()

/** What a daemon would get from an attachable. */
function daemonOf(attachable: Attachable) {
  const call = (method: string, request: Uint8Array) =>
    callLocally(attachable, { method: `${service}/${method}`, request, signal })
  return {
    async credentials(Host: string) {
      const reply = await call('Credentials', v1.CredentialsRequest.encode({ Host }).finish())
      const { Username, Secret } = v1.CredentialsResponse.decode(reply)
      return `${Username}:${Secret}`
    },
    async token(Host: string, Realm: string, ...Scopes: string[]) {
      const request = { ClientID: 'x', Host, Realm, Service: 'registry', Scopes }
      const reply = await call('FetchToken', v1.FetchTokenRequest.encode(request).finish())
      return v1.FetchTokenResponse.decode(reply).Token
    },
    async publicKey(Host: string) {
      const request = { Host, Salt: Buffer.from('salt') }
      const reply = await call('GetTokenAuthority', v1.GetTokenAuthorityRequest.encode(request).finish())
      return Buffer.from(v1.GetTokenAuthorityResponse.decode(reply).PublicKey).toString('hex')
    },
  }
}

/** A token server whose tokens say for whom and for what they are. */
async function tokenServer() {
  const server = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray()).toString()
    const query = new URL(incoming.url ?? '/', 'http://x').searchParams
    const form = new URLSearchParams(body)
    const scopes = [...query.getAll('scope'), ...form.getAll('scope')].join(' ')
    response.end(JSON.stringify({ access_token: `${form.get('username') ?? 'nobody'} ${scopes}` }))
  })
  const at = await listening(server)
  return Object.assign(at, { realm: `http://127.0.0.1:${at.port}/token`, host: `127.0.0.1:${at.port}` })
}

const login = (username: string) => ({ username, password: `${username}'s` })

const build: RegistryGrant = {
  host: 'saved.example:5000',
  credentials: login('x-token'),
  repositories: ['p1', 'team/p1'],
}
const push: RegistryGrant = { host: 'push.example', credentials: login('pusher') }
const caller = staticAuth({
  'saved.example:5000': login('caller'),
  'push.example': login('caller'),
  'other.example': login('caller'),
})

describe('granted registry credentials', () => {
  it('are for their host, port included; every other host is the caller’s', async () => {
    const daemon = daemonOf(grantedAuth([build, push], caller))
    assert.equal(await daemon.credentials('saved.example:5000'), "x-token:x-token's")
    assert.equal(await daemon.credentials('push.example'), "pusher:pusher's")
    assert.equal(await daemon.credentials('other.example'), "caller:caller's")
    assert.equal(await daemon.credentials('saved.example'), ':')
    assert.equal(await daemon.credentials('sub.push.example'), ':')
    assert.equal(await daemon.credentials('not a host'), ':')
  })

  it('make tokens for their repositories; for all others of the registry the caller’s do', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const others = staticAuth({ [host]: login('caller') })
    const daemon = daemonOf(grantedAuth([{ ...build, host }], others))
    assert.equal(
      await daemon.token(host, realm, 'repository:p1:pull,push'),
      'x-token repository:p1:pull,push',
    )
    assert.equal(
      await daemon.token(host, realm, 'repository:team/p1:pull'),
      'x-token repository:team/p1:pull',
    )
    for (const scope of [
      'repository:p2:pull',
      'repository:p1/x:pull',
      'repository:p:pull',
      'registry:p1:*',
      'p1',
    ])
      assert.equal(await daemon.token(host, realm, scope), `caller ${scope}`)
    assert.equal(await daemon.token(host, realm), 'caller ')
  })

  it('are not stretched to repositories that come along', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const daemon = daemonOf(grantedAuth([{ ...build, host }], staticAuth({ [host]: login('caller') })))
    const scopes = ['repository:p2:pull', 'repository:p1:pull,push']
    assert.equal(await daemon.token(host, realm, ...scopes), 'x-token repository:p1:pull,push')
  })

  it('leave the rest of the registry to the next grant for it', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const daemon = daemonOf(
      grantedAuth(
        [
          { ...build, host },
          { ...push, host },
        ],
        caller,
      ),
    )
    assert.equal(await daemon.token(host, realm, 'repository:p1:pull'), 'x-token repository:p1:pull')
    assert.equal(await daemon.token(host, realm, 'repository:p2:push'), 'pusher repository:p2:push')
  })

  it('leave the daemon to itself elsewhere when the caller has nothing, and nobody is logged in', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const daemon = daemonOf(grantedAuth([{ ...build, host }]))
    await assert.rejects(daemon.credentials('other.example'), { grpcCode: Code.Unimplemented })
    await assert.rejects(daemon.publicKey('other.example'), { grpcCode: Code.Unimplemented })
    assert.equal(await daemon.token(host, realm, 'repository:p2:pull'), 'nobody repository:p2:pull')
  })

  it('have a key of their own by which the daemon tells clients apart', async () => {
    const anonymous = await daemonOf(staticAuth({}, { env: {} })).publicKey('x.example')
    const one = daemonOf(grantedAuth([build]))
    const other = daemonOf(grantedAuth([build]))
    const key = await one.publicKey(build.host)
    assert.equal(await one.publicKey(build.host), key)
    assert.notEqual(await other.publicKey(build.host), key)
    assert.notEqual(key, anonymous)
  })

  it('are looked up under any spelling of the host', async () => {
    const daemon = daemonOf(grantedAuth([{ ...push, host: 'Docker.io' }]))
    assert.equal(await daemon.credentials('registry-1.docker.io'), "pusher:pusher's")
  })

  it('pass on what the caller’s attachable throws, and its check', async () => {
    const failing: Attachable = {
      methods: callbackAuth(() => Promise.reject(new Error('no idea'))).methods,
      check: async () => {
        throw new Error('checked')
      },
    }
    const auth = grantedAuth([build], failing)
    await assert.rejects(daemonOf(auth).credentials('other.example'), { code: 'CREDENTIALS_FAILED' })
    await assert.rejects(async () => auth.check!(signal), { message: 'checked' })
  })
})

describe('registry credentials of an attachable, used from here', () => {
  it('are those that the daemon would get', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const auth = registryAuthOf(grantedAuth([{ ...build, host }], staticAuth({ [host]: login('caller') })))
    const request = (scope: string) => ({ host, realm, service: 's', scopes: [scope] })
    assert.equal(await auth.token(request('repository:p1:pull'), signal), 'x-token repository:p1:pull')
    assert.equal(await auth.token(request('repository:p2:pull'), signal), 'caller repository:p2:pull')
    assert.deepEqual(await auth.password(host, signal), login('x-token'))
    assert.equal(await auth.password('other.example', signal), undefined)
  })

  it('are shown to token servers by the TLS options of the other attachable, and by the proxy of the environment', async () => {
    const authority = await createAuthority()
    const certificate = await authority.issue({ names: ['auth.example'] })
    await using tokens = await listening(
      https.createServer(certificate, (_, response) => response.end('{"access_token":"t"}')),
    )
    await using proxy = await startProxy({ hosts: { 'auth.example:443': tokens.port } })
    const env = { HTTPS_PROXY: proxy.url }
    const tls = { 'registry.example': { ca: authority.ca } }
    const grant = { ...build, host: 'registry.example' }
    const request = {
      host: 'registry.example',
      realm: 'https://auth.example/t',
      service: '',
      scopes: ['repository:p1:pull'],
    }
    const told = registryAuthOf(grantedAuth([grant], grantedAuth([], staticAuth({}, { env, tls }))))
    assert.equal(await told.token(request, signal), 't')
    const untold = registryAuthOf(grantedAuth([grant], undefined, { env }))
    await assert.rejects(untold.token(request, signal), { code: 'TLS_FAILED' })
    assert.deepEqual(proxy.requests, ['CONNECT auth.example:443', 'CONNECT auth.example:443'])
  })

  it('make a token here where the attachable only knows credentials', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const reply = v1.CredentialsResponse.encode({ Username: 'me', Secret: 'x' }).finish()
    const auth = registryAuthOf({ methods: { [`${service}/Credentials`]: unary(() => reply) } })
    assert.equal(await auth.token({ host, realm, service: '', scopes: ['a'] }, signal), 'me a')
  })

  it('are nobody’s where the attachable knows none', async () => {
    await using server = await tokenServer()
    const { host, realm } = server
    const auth = registryAuthOf({ methods: {} })
    assert.equal(await auth.token({ host, realm, service: '', scopes: ['a'] }, signal), 'nobody a')
    assert.equal(await auth.password(host, signal), undefined)
  })

  it('give no identity token as a password', async () => {
    const auth = registryAuthOf(staticAuth({ 'a.example': { identityToken: 'secret' } }))
    assert.equal(await auth.password('a.example', signal), undefined)
  })

  it('fail as the attachable does', async () => {
    const denied = unary(() => {
      throw new RpcError(Code.PermissionDenied, 'not you')
    })
    const auth = registryAuthOf({ methods: { [`${service}/Credentials`]: denied } })
    await assert.rejects(auth.password('a.example', signal), { grpcCode: Code.PermissionDenied })
  })
})

describe('an attachable', () => {
  it('is for registries when it serves any of their methods', () => {
    assert.equal(isAuth(staticAuth({})), true)
    assert.equal(isAuth({ methods: { [`${service}/Credentials`]: unary(() => new Uint8Array()) } }), true)
    assert.equal(
      isAuth({ methods: { '/moby.buildkit.secrets.v1.Secrets/GetSecret': unary(() => new Uint8Array()) } }),
      false,
    )
  })
})
