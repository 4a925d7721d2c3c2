import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { digestOf, RegistryClient } from '../../src/registry/client.ts'
import { parseReference } from '../../src/registry/reference.ts'
import { registryAuth } from '../../src/registry/registry-auth.ts'
import { RegistryNetwork, type RegistryNetworkOptions } from '../../src/registry/registry-network.ts'
import { staticAuth } from '../../src/session/auth/auth.ts'
import { registryAuthOf } from '../../src/session/auth/local-auth.ts'
import { type Authority, createAuthority } from '../support/certificates.ts'
import { listening } from '../support/listening.ts'
import { startProxy } from '../support/proxy.ts'
import { startRegistry, startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'

const authority = await createAuthority()
const server = await authority.issue({ names: ['127.0.0.1', 'registry.example', 'auth.example'] })

const bytes = Buffer.from(
  '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
)
const index = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(bytes), bytes }

/** Files with the certificates of a client, as the options name them. */
async function clientFiles(of: Authority) {
  const dir = await tempDir()
  const { cert, key } = await of.issue({ usage: 'client' })
  const file = async (name: string, pem: string) => {
    await writeFile(join(dir.path, name), pem)
    return join(dir.path, name)
  }
  const tls = {
    caFile: await file('ca.pem', of.ca),
    certFile: await file('cert.pem', cert),
    keyFile: await file('key.pem', key),
  }
  return { tls, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

function clientWith(options: RegistryNetworkOptions, insecure = false) {
  const network = new RegistryNetwork({ env: {}, ...options })
  return new RegistryClient({ auth: registryAuth(async () => undefined, network), insecure })
}

const real = { skip: skipWithout('registry') }

describe('a registry over TLS', () => {
  it('is called with a private authority and a client certificate, per host', real, async () => {
    await using registry = await startRegistry({ ...server, clientCa: authority.ca })
    await using files = await clientFiles(authority)
    const image = parseReference(`${registry.host}/me/app:1`)
    await using client = clientWith({ tls: { [registry.host]: files.tls } })
    await client.put(image, index)
    assert.deepEqual(await client.manifest(image), index)
    await using anonymous = clientWith({ tls: { [registry.host]: { ca: authority.ca } } })
    await assert.rejects(anonymous.manifest(image), {
      code: 'TLS_FAILED',
      subject: `${registry.host}/me/app`,
      advice: new RegExp(`tls\\["${registry.host}"\\]\\.cert`),
    })
    await using stranger = clientWith({ tls: { [registry.host]: {}, 'registry.example': files.tls } })
    await assert.rejects(stranger.manifest(image), {
      code: 'TLS_FAILED',
      received: /an authority that is not trusted/,
      advice: new RegExp(`tls\\["${registry.host}"\\]\\.ca`),
    })
  })

  it('has a token server of the same certificates, with the credentials of an attachable', real, async () => {
    await using registry = await startTokenRegistry({ tls: { ...server, clientCa: authority.ca } })
    await using files = await clientFiles(authority)
    const { host, username, password } = registry
    const image = parseReference(`${host}/me/app:1`)
    const tls = { [host]: files.tls }
    const auth = registryAuthOf(staticAuth({ [host]: { username, password } }, { env: {}, tls }))
    await using client = new RegistryClient({ auth })
    await client.put(image, index)
    assert.deepEqual(await client.manifest(image), index)
    assert.deepEqual(
      registry.tokenRequests.map(({ shown, status }) => `${shown} ${status}`),
      ['password 200', 'password 200'],
    )
  })

  it('may have a token server with certificates of another authority', async () => {
    const other = await createAuthority('Another')
    const theirs = await other.issue({ names: ['127.0.0.1'] })
    await using tokens = await listening(
      https.createServer(theirs, (_, response) => response.end('{"token":"t"}')),
    )
    const realm = `https://127.0.0.1:${tokens.port}/token`
    await using registry = await listening(https.createServer(server, tokenGuarded(realm)))
    const host = `127.0.0.1:${registry.port}`
    const image = parseReference(`${host}/a`)
    await using untold = clientWith({ tls: { [host]: { ca: authority.ca } } })
    await assert.rejects(untold.manifest(image), {
      code: 'TLS_FAILED',
      message: new RegExp(`^no token for ${host}: TLS with https://127\\.0\\.0\\.1:${tokens.port} failed`),
    })
    await using told = clientWith({
      tls: { [host]: { ca: authority.ca }, [`127.0.0.1:${tokens.port}`]: { ca: other.ca } },
    })
    assert.deepEqual((await told.manifest(image)).digest, index.digest)
  })

  it('is reached through the proxy that the environment names, and its token server too', async () => {
    await using tokens = await listening(
      https.createServer(server, (_, response) => response.end('{"token":"t"}')),
    )
    await using registry = await listening(
      https.createServer(server, tokenGuarded('https://auth.example/token')),
    )
    await using proxy = await startProxy({
      hosts: { 'registry.example:443': registry.port, 'auth.example:443': tokens.port },
    })
    const tls = { 'registry.example': { ca: authority.ca } }
    await using client = clientWith({ env: { HTTPS_PROXY: proxy.url }, tls })
    assert.deepEqual((await client.manifest(parseReference('registry.example/a'))).digest, index.digest)
    assert.deepEqual(proxy.requests, ['CONNECT registry.example:443', 'CONNECT auth.example:443'])
  })

  it('is never called in clear, whatever it answers', async () => {
    await using plain = await listening(createServer(givesIndex))
    const host = `127.0.0.1:${plain.port}`
    await using client = clientWith({ tls: { [host]: { ca: authority.ca } } })
    await assert.rejects(client.manifest(parseReference(`${host}/a`)), { code: 'TLS_FAILED' })
  })

  it('on another machine redirects to nothing in clear on this one', async () => {
    await using local = await listening(createServer(givesIndex))
    const location = `http://127.0.0.1:${local.port}/a`
    await using registry = await listening(
      https.createServer(server, (_, response) => response.writeHead(307, { location }).end()),
    )
    await using proxy = await startProxy({ hosts: { 'registry.example:443': registry.port } })
    const tls = { 'registry.example': { ca: authority.ca } }
    for (const insecure of [false, true]) {
      await using client = clientWith({ env: { HTTPS_PROXY: proxy.url }, tls }, insecure)
      await assert.rejects(client.manifest(parseReference('registry.example/a')), {
        code: 'PROTOCOL_ERROR',
        received: `one to ${location}`,
      })
    }
    assert.equal(local.sockets.size, 0)
  })

  it('is called in clear on this machine without options, and over TLS with them', async () => {
    await using plain = await listening(createServer(givesIndex))
    await using clear = clientWith({})
    assert.deepEqual((await clear.manifest(parseReference(`127.0.0.1:${plain.port}/a`))).digest, index.digest)
    await using secure = await listening(https.createServer(server, givesIndex))
    const host = `127.0.0.1:${secure.port}`
    await using told = clientWith({ tls: { [host]: { ca: authority.ca } } })
    assert.deepEqual((await told.manifest(parseReference(`${host}/a`))).digest, index.digest)
  })
})

describe('an insecure registry', () => {
  it('may show any certificate, or speak no TLS', async () => {
    await using plain = await listening(createServer(givesIndex))
    await using secure = await listening(https.createServer(server, givesIndex))
    await using client = clientWith({}, true)
    for (const { port } of [plain, secure, plain, secure]) {
      const { digest } = await client.manifest(parseReference(`127.0.0.1:${port}/a`))
      assert.equal(digest, index.digest)
    }
  })

  it('is the registry alone: not where it redirects to, nor its token server', async () => {
    await using storage = await listening(https.createServer(server, givesIndex))
    const location = `https://127.0.0.1:${storage.port}/elsewhere`
    await using away = await listening(
      https.createServer(server, (_, response) => response.writeHead(307, { location }).end()),
    )
    await using guarded = await listening(
      https.createServer(server, tokenGuarded(`https://127.0.0.1:${storage.port}/token`)),
    )
    await using client = clientWith({}, true)
    for (const { port } of [away, guarded])
      await assert.rejects(client.manifest(parseReference(`127.0.0.1:${port}/a`)), { code: 'TLS_FAILED' })
  })

  it('fails as any other where it is broken', async () => {
    const gone = await listening(createServer(givesIndex))
    await gone[Symbol.asyncDispose]()
    await using client = clientWith({}, true)
    const image = parseReference(`127.0.0.1:${gone.port}/a`)
    await assert.rejects(client.manifest(image), { code: 'UNREACHABLE' })
  })
})

const givesIndex: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': index.mediaType }).end(bytes)
}

/** Gives the index to those who come with the token `t`. */
function tokenGuarded(realm: string): RequestListener {
  return (incoming, response) => {
    if (incoming.headers.authorization === 'Bearer t') return void response.end(bytes)
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end()
  }
}
