import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import https from 'node:https'
import { describe, it } from 'node:test'
import { pushMerged } from '../../src/platforms/merged-image.ts'
import { digestOf } from '../../src/registry/client.ts'
import { registryAuth } from '../../src/registry/registry-auth.ts'
import { RegistryNetwork } from '../../src/registry/registry-network.ts'
import { createAuthority } from '../support/certificates.ts'
import { listening } from '../support/listening.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'

/** An index with one member, as a builder pushes it. */
function indexOf(member: string): Buffer {
  const manifest = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from(member)),
    size: 1,
  }
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [manifest] }))
}

const parts = [indexOf('amd64'), indexOf('arm64')]
const digests = parts.map((part) => digestOf(part))

/** What a registry holds, by path; it has the parts already. */
function registry(interrupt: (incoming: IncomingMessage, response: ServerResponse) => boolean = () => false) {
  const manifests = new Map(parts.map((part) => [`/v2/me/app/manifests/${digestOf(part)}`, part]))
  const listener: RequestListener = async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray())
    if (interrupt(incoming, response)) return
    const path = incoming.url ?? ''
    if (incoming.method === 'PUT') manifests.set(path, body)
    const found = manifests.get(path)
    if (found === undefined) return void response.writeHead(404).end()
    const headers = { 'content-type': indexType, 'docker-content-digest': digestOf(found) }
    response.writeHead(incoming.method === 'PUT' ? 201 : 200, headers)
    response.end(incoming.method === 'GET' ? found : undefined)
  }
  return { manifests, listener }
}

const signal = new AbortController().signal
const auth = registryAuth(async () => undefined, new RegistryNetwork({ env: {} }))

describe('the image that several builders make', () => {
  it('is pushed under each name once', async () => {
    const { manifests, listener } = registry()
    await using at = await listening(createServer(listener))
    const names = ['1', '2'].map((tag) => `127.0.0.1:${at.port}/me/app:${tag}`)
    const digest = await pushMerged(digests, names, { auth, signal })
    for (const tag of ['1', '2'])
      assert.equal(digestOf(manifests.get(`/v2/me/app/manifests/${tag}`)!), digest)
  })

  it('is pushed although the token server, or the registry, fails once', async () => {
    for (const status of [429, 500, 502, 503]) {
      let tokens = 0
      await using server = await listening(
        createServer((_, response) => {
          if (++tokens % 3 === 1) response.writeHead(status).end()
          else response.end(`{"token":"t${tokens}"}`)
        }),
      )
      let puts = 0
      const { manifests, listener } = registry(({ method, headers }, response) => {
        const challenge = `Bearer realm="http://127.0.0.1:${server.port}/token"`
        if (headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': challenge }).end()
        else if (method === 'PUT' && puts++ === 0) response.writeHead(status).end()
        else return false
        return true
      })
      await using at = await listening(createServer(listener))
      const digest = await pushMerged(digests, [`127.0.0.1:${at.port}/me/app:1`], { auth, signal })
      assert.equal(digestOf(manifests.get('/v2/me/app/manifests/1')!), digest)
      assert.ok(tokens > 1 && puts === 2, `${tokens} tokens, ${puts} PUTs`)
    }
  })

  it('is not pushed again and again where the credentials are refused', async () => {
    let tokens = 0
    await using server = await listening(
      createServer((_, response) => {
        tokens++
        response.writeHead(401).end()
      }),
    )
    const { listener } = registry((_, response) => {
      response
        .writeHead(401, { 'www-authenticate': `Bearer realm="http://127.0.0.1:${server.port}/token"` })
        .end()
      return true
    })
    await using at = await listening(createServer(listener))
    const pushed = pushMerged(digests.slice(0, 1), [`127.0.0.1:${at.port}/me/app:1`], { auth, signal })
    await assert.rejects(pushed, { code: 'UNAUTHENTICATED' })
    assert.equal(tokens, 1)
  })

  it('goes to a registry with any certificate under the names that are called insecure, and only there', async () => {
    const server = await (await createAuthority()).issue({ names: ['127.0.0.1'] })
    const { manifests, listener } = registry()
    await using at = await listening(https.createServer(server, listener))
    const name = `127.0.0.1:${at.port}/me/app:1`
    const digest = await pushMerged(digests, [name], { auth, insecure: [name], signal })
    assert.equal(digestOf(manifests.get('/v2/me/app/manifests/1')!), digest)
    const insecure = [`127.0.0.1:${at.port}/me/app:2`]
    const tls = { [`127.0.0.1:${at.port}`]: {} }
    const checking = registryAuth(async () => undefined, new RegistryNetwork({ env: {}, tls }))
    await assert.rejects(pushMerged(digests, [name], { auth: checking, insecure, signal }), {
      code: 'TLS_FAILED',
    })
  })
})
