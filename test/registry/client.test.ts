import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { digestOf, type Manifest, RegistryClient } from '../../src/registry/client.ts'
import type { Credentials } from '../../src/registry/credentials.ts'
import { parseReference } from '../../src/registry/reference.ts'
import { registryAuth } from '../../src/registry/registry-auth.ts'
import { listening } from '../support/listening.ts'
import { startBasicAuthRegistry, startRegistry, startTokenRegistry } from '../support/registry.ts'
import { skipWithout } from '../support/skip.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly body: string
}

/** A registry that answers by `respond` and keeps what it was asked. */
async function fakeRegistry(respond: (response: ServerResponse, seen: Seen) => void) {
  const requests: Seen[] = []
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const seen = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      authorization: incoming.headers.authorization,
      body: Buffer.concat(await incoming.toArray()).toString(),
    }
    requests.push(seen)
    respond(response, seen)
  })
  const at = await listening(server)
  return Object.assign(at, { requests, host: `127.0.0.1:${at.port}` })
}

function clientFor(credentials?: Record<string, Credentials>, timeoutMs = 20_000): RegistryClient {
  return new RegistryClient({ auth: registryAuth(async (host) => credentials?.[host]), timeoutMs })
}

const indexType = 'application/vnd.oci.image.index.v1+json'

function manifestOf(text: string, mediaType = indexType): Manifest {
  const bytes = Buffer.from(text)
  return { mediaType, digest: digestOf(bytes), bytes }
}

const emptyIndex = manifestOf(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] }))

/** What it rejects with; no field of that may hold a secret. */
async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; received?: string }> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  assert.ok(error instanceof Error, 'it must reject')
  assert.ok(!inspect(error, { depth: 9 }).includes('open sesame'), 'the error must hold no password')
  return error
}

const real = { skip: skipWithout('registry') }

describe('the client of a registry', () => {
  it('stores a manifest under a tag and reads it back by tag and by digest', real, async () => {
    await using registry = await startRegistry()
    await using client = clientFor()
    const image = parseReference(`${registry.host}/me/app:1.0`)
    assert.equal(await client.digest(image), undefined)
    await client.put(image, emptyIndex)
    assert.equal(await client.digest(image), emptyIndex.digest)
    assert.deepEqual(await client.manifest(image), emptyIndex)
    const byDigest = parseReference(`${registry.host}/me/app@${emptyIndex.digest}`)
    assert.deepEqual(await client.manifest(byDigest), emptyIndex)
  })

  it('opens a registry that wants a password', real, async () => {
    await using registry = await startBasicAuthRegistry()
    const { host, username, password } = registry
    const image = parseReference(`${host}/me/app:1`)
    await using client = clientFor({ [host]: { username, password } })
    await client.put(image, emptyIndex)
    assert.deepEqual(await client.manifest(image), emptyIndex)
    await using stranger = clientFor()
    assert.equal((await rejection(stranger.manifest(image))).code, 'UNAUTHENTICATED')
    await using wrong = clientFor({ [host]: { username, password: 'close sesame' } })
    assert.equal((await rejection(wrong.manifest(image))).code, 'UNAUTHENTICATED')
  })

  it('opens a registry that wants tokens, one for each kind of access', real, async () => {
    await using registry = await startTokenRegistry()
    const { host, username, password } = registry
    await using client = clientFor({ [host]: { username, password } })
    const image = parseReference(`${host}/me/app:1`)
    await client.put(image, emptyIndex)
    await client.put({ ...image, tag: '2' }, emptyIndex)
    assert.deepEqual(await client.manifest(image), emptyIndex)
    assert.deepEqual(
      registry.tokenRequests.map(({ scopes, shown }) => [scopes[0]?.split(':').slice(0, 2).join(':'), shown]),
      [
        ['repository:me/app', 'password'],
        ['repository:me/app', 'password'],
      ],
    )
    await using stranger = clientFor()
    assert.deepEqual(await stranger.manifest(image), emptyIndex)
    assert.equal((await rejection(stranger.put(image, emptyIndex))).code, 'UNAUTHENTICATED')
  })

  it('says that there is no such image', real, async () => {
    await using registry = await startRegistry()
    await using client = clientFor()
    const error = await rejection(client.manifest(parseReference(`${registry.host}/me/app`)))
    assert.equal(error.code, 'NOT_FOUND')
    assert.match(error.received ?? '', /MANIFEST_UNKNOWN/)
  })

  it('does not take bytes that are not those of the digest', async () => {
    await using registry = await fakeRegistry((response) =>
      response.writeHead(200, { 'content-type': indexType }).end('{"other":1}'),
    )
    await using client = clientFor()
    const image = parseReference(`${registry.host}/a@${emptyIndex.digest}`)
    const error = await rejection(client.manifest(image))
    assert.equal(error.code, 'PROTOCOL_ERROR')
    assert.equal(error.received, digestOf(Buffer.from('{"other":1}')))
  })

  it('does not take a tag’s bytes that are not those of the digest in the reply', async () => {
    await using registry = await fakeRegistry((response) =>
      response.writeHead(200, { 'docker-content-digest': emptyIndex.digest }).end('{}'),
    )
    await using client = clientFor()
    assert.equal(
      (await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code,
      'PROTOCOL_ERROR',
    )
  })

  it('does not take the word of a registry that has stored something else', async () => {
    await using registry = await fakeRegistry((response) =>
      response.writeHead(201, { 'docker-content-digest': digestOf(Buffer.from('x')) }).end(),
    )
    await using client = clientFor()
    const error = await rejection(client.put(parseReference(`${registry.host}/a`), emptyIndex))
    assert.equal(error.code, 'PROTOCOL_ERROR')
  })

  it('sends no credentials before they are asked for, and then only the host’s own', async () => {
    await using registry = await fakeRegistry((response, { authorization }) => {
      if (authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      else response.writeHead(404).end()
    })
    await using client = clientFor({ 'other.example': { username: 'me', password: 'open sesame' } })
    assert.equal(
      (await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code,
      'UNAUTHENTICATED',
    )
    assert.deepEqual(
      registry.requests.map(({ authorization }) => authorization),
      [undefined],
    )
  })

  it('takes no credentials along when it is redirected to another server', async () => {
    await using storage = await fakeRegistry((response) => response.end(emptyIndex.bytes))
    await using registry = await fakeRegistry((response, { authorization }) => {
      if (authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      else response.writeHead(307, { location: `http://${storage.host}/elsewhere?signed=yes` }).end()
    })
    await using client = clientFor({ [registry.host]: { username: 'me', password: 'open sesame' } })
    const { digest } = await client.manifest(parseReference(`${registry.host}/a:1`))
    assert.equal(digest, emptyIndex.digest)
    assert.match(registry.requests[1]?.authorization ?? '', /^Basic /)
    assert.deepEqual(
      storage.requests.map(({ url, authorization }) => [url, authorization]),
      [['/elsewhere?signed=yes', undefined]],
    )
  })

  it('shows its credentials to nobody whom a server names that it was redirected to', async () => {
    await using tokens = await fakeRegistry((response) => response.end('{"token":"t"}'))
    for (const challenge of [`Bearer realm="http://${tokens.host}/token"`, 'Basic realm="x"']) {
      await using storage = await fakeRegistry((response) =>
        response.writeHead(401, { 'www-authenticate': challenge }).end(),
      )
      await using registry = await fakeRegistry((response) =>
        response.writeHead(307, { location: `http://${storage.host}/elsewhere` }).end(),
      )
      await using client = clientFor({ [registry.host]: { username: 'me', password: 'open sesame' } })
      const error = await rejection(client.manifest(parseReference(`${registry.host}/a:1`)))
      assert.equal(error.code, 'PROTOCOL_ERROR')
      assert.match(error.received ?? '', new RegExp(`a redirect to http://${storage.host}/elsewhere, which`))
      assert.deepEqual([tokens.requests.length, storage.requests.length, registry.requests.length], [0, 1, 1])
    }
  })

  it('follows no redirect to plain http on another machine, to nowhere or for ever', async () => {
    for (const location of [
      'http://registry.example/',
      'ftp://127.0.0.1/',
      undefined,
      '/v2/again',
    ] as const) {
      await using registry = await fakeRegistry((response) =>
        response.writeHead(302, location === undefined ? {} : { location }).end(),
      )
      await using client = clientFor()
      const error = await rejection(client.manifest(parseReference(`${registry.host}/a`)))
      assert.equal(error.code, 'PROTOCOL_ERROR', location)
      assert.equal(registry.requests.length, location === '/v2/again' ? 6 : 1)
    }
  })

  it('writes where it is redirected to, with credentials on the same server only', async () => {
    await using storage = await fakeRegistry((response) => response.writeHead(201).end())
    for (const [location, path] of [
      ['/v2/b', '/v2/b'],
      [`http://${storage.host}/c`, '/c'],
    ] as const) {
      await using registry = await fakeRegistry((response, { authorization, url }) => {
        if (authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
        else if (url === '/v2/b') response.writeHead(201).end()
        else response.writeHead(307, { location }).end()
      })
      await using client = clientFor({ [registry.host]: { username: 'me', password: 'open sesame' } })
      await client.put(parseReference(`${registry.host}/a`), emptyIndex)
      const written = location === path ? registry.requests.at(-1) : storage.requests.at(-1)
      assert.deepEqual([written?.method, written?.url], ['PUT', path])
      assert.equal(written?.body, emptyIndex.bytes.toString())
      assert.equal(written?.authorization !== undefined, location === path)
    }
  })

  it('does not take a redirect for written that makes it a read, or leads to plain http elsewhere', async () => {
    for (const [status, location] of [
      [301, '/v2/b'],
      [302, '/v2/b'],
      [303, '/v2/b'],
      [307, 'http://registry.example/'],
      [308, undefined],
    ] as const) {
      await using registry = await fakeRegistry((response) =>
        response.writeHead(status, location === undefined ? {} : { location }).end(),
      )
      await using client = clientFor()
      const error = await rejection(client.put(parseReference(`${registry.host}/a`), emptyIndex))
      assert.equal(error.code, 'PROTOCOL_ERROR', `${status} ${location}`)
      assert.equal(registry.requests.length, 1)
    }
  })

  it('reads the whole where a registry knows no HEAD, or answers it without a digest', async () => {
    for (const status of [405, 501, 200]) {
      let there = true
      await using registry = await fakeRegistry((response, { method }) => {
        if (method === 'HEAD') response.writeHead(status).end()
        else if (there) response.end(emptyIndex.bytes)
        else response.writeHead(404).end()
      })
      await using client = clientFor()
      const image = parseReference(`${registry.host}/a`)
      assert.equal(await client.digest(image), emptyIndex.digest, String(status))
      there = false
      assert.equal(await client.digest(image), undefined, String(status))
    }
  })

  it('shows a password where the challenge for tokens is broken and Basic stands beside it', async () => {
    await using registry = await fakeRegistry((response, { authorization }) => {
      const headers = { 'www-authenticate': ['Bearer realm="token"', 'Basic realm="x"'] }
      if (authorization === undefined) response.writeHead(401, headers).end()
      else response.end(emptyIndex.bytes)
    })
    await using client = clientFor({ [registry.host]: { username: 'me', password: 'open sesame' } })
    assert.equal((await client.manifest(parseReference(`${registry.host}/a`))).digest, emptyIndex.digest)
    assert.match(registry.requests[1]?.authorization ?? '', /^Basic /)
  })

  it('says what a registry refuses, in its words', async () => {
    const codes = {
      403: 'PERMISSION_DENIED',
      413: 'TOO_LARGE',
      429: 'RESOURCE_EXHAUSTED',
      503: 'UNREACHABLE',
      400: 'PROTOCOL_ERROR',
    }
    for (const [status, code] of Object.entries(codes)) {
      await using registry = await fakeRegistry((response) =>
        response.writeHead(Number(status)).end('{"errors":[{"code":"DENIED","message":"not\\ntoday"}]}'),
      )
      await using client = clientFor()
      const error = await rejection(client.put(parseReference(`${registry.host}/a`), emptyIndex))
      assert.deepEqual([error.code, error.received], [code, `status ${status}: DENIED: not today`])
    }
  })

  it('reads no more than 4 MiB', async () => {
    await using registry = await fakeRegistry((response) => response.end(Buffer.alloc((4 << 20) + 1)))
    await using client = clientFor()
    assert.equal((await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code, 'TOO_LARGE')
  })

  it('waits no longer than it should for a registry that says nothing', async () => {
    await using registry = await fakeRegistry(() => {})
    await using client = clientFor(undefined, 50)
    assert.equal((await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code, 'TIMEOUT')
  })

  it('waits no longer than it should for a registry that does not finish', async () => {
    await using registry = await fakeRegistry((response) => response.writeHead(200).write('{'))
    await using client = clientFor(undefined, 100)
    assert.equal((await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code, 'TIMEOUT')
  })

  it('gives up when the signal says so', async () => {
    const gaveUp = new AbortController()
    await using registry = await fakeRegistry(() => gaveUp.abort(new Error('enough')))
    await using client = clientFor()
    const error = await rejection(client.manifest(parseReference(`${registry.host}/a`), gaveUp.signal))
    assert.equal(error.message, 'enough')
  })

  it('says that nothing listens there', async () => {
    const gone = await fakeRegistry(() => {})
    await gone[Symbol.asyncDispose]()
    await using client = clientFor()
    const error = await rejection(client.manifest(parseReference(`${gone.host}/a`)))
    assert.equal(error.code, 'UNREACHABLE')
    assert.match(error.received ?? '', /ECONNREFUSED/)
  })

  it('says when an answer breaks off', async () => {
    await using registry = await fakeRegistry((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{')
      setImmediate(() => response.destroy())
    })
    await using client = clientFor()
    assert.equal((await rejection(client.manifest(parseReference(`${registry.host}/a`)))).code, 'UNREACHABLE')
  })

  it('asks for a new token when the old one is no longer good', async () => {
    let tokens = 0
    await using server = await fakeRegistry((response) => response.end(`{"token":"number ${++tokens}"}`))
    let good = 'Bearer number 1'
    await using registry = await fakeRegistry((response, { authorization }) => {
      const challenge = `Bearer realm="http://${server.host}/token",service="s"`
      if (authorization === good) response.end(emptyIndex.bytes)
      else response.writeHead(401, { 'www-authenticate': challenge }).end()
    })
    await using client = clientFor()
    const image = parseReference(`${registry.host}/me/app:1`)
    await client.manifest(image)
    good = 'Bearer number 2'
    await client.manifest(image)
    assert.deepEqual(
      registry.requests.map(({ authorization }) => authorization),
      [undefined, 'Bearer number 1', 'Bearer number 1', 'Bearer number 2'],
    )
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      Array(2).fill('/token?service=s&scope=repository%3Ame%2Fapp%3Apull'),
    )
  })
})
