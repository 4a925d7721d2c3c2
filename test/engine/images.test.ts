import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/deferred.ts'
import { type LoadOptions, loadImages } from '../../src/engine/images.ts'
import type { Engine } from '../../src/transport/engine.ts'
import { tcpDialer } from '../../src/transport/socket-dialers.ts'
import { type Listening, listening } from '../support/listening.ts'

function engineAt({ port }: Listening): Engine {
  const description = `docker://127.0.0.1:${port}`
  return {
    dial: tcpDialer({ host: '127.0.0.1', port }, description),
    authority: `127.0.0.1:${port}`,
    description,
  }
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** An Engine that speaks this version and answers the load itself by `respond`; every image has the id of `a`s. */
async function fakeEngine(respond: Respond, version = '1.41') {
  const paths: string[] = []
  const server = createServer(async (request, response) => {
    paths.push(`${request.method} ${request.url}`)
    if (request.url === '/_ping') response.writeHead(200, { 'api-version': version }).end('OK')
    else if (request.method === 'POST') await respond(request, response)
    else response.end(JSON.stringify({ Id: id }))
  })
  return Object.assign(await listening(server), { paths })
}

const id = `sha256:${'a'.repeat(64)}`

/** Loads an archive of these chunks, and says how it ended at both ends. */
async function loading(
  server: Listening,
  chunks: Iterable<Buffer> = [Buffer.from('an archive')],
  options?: LoadOptions,
) {
  const { archive, images } = loadImages(engineAt(server), options)
  const [written, loaded] = await Promise.allSettled([pipeline(Readable.from(chunks), archive), images])
  return { written, loaded }
}

/** The one error that both ends have to report. */
async function failure(...args: Parameters<typeof loading>): Promise<Error & { code?: string }> {
  const { written, loaded } = await loading(...args)
  assert.equal(loaded.status, 'rejected')
  assert.equal(written.status, 'rejected')
  assert.equal(written.reason, loaded.reason)
  return loaded.reason
}

const line = (message: object) => `${JSON.stringify(message)}\r\n`

describe('loading images into an Engine', () => {
  it('sends the archive as it comes, in the Engine’s version, and says what was loaded', async () => {
    const received: Buffer[] = []
    await using server = await fakeEngine(async (request, response) => {
      assert.equal(request.headers['content-type'], 'application/x-tar')
      for await (const chunk of request) received.push(chunk)
      response.write(line({ status: 'Loading layer', progressDetail: { current: 1, total: 2 }, id: 'a' }))
      response.end(line({ stream: 'Loaded image: me/app:1\n' }))
    })
    const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(64 << 10, index))
    const { written, loaded } = await loading(server, chunks)
    assert.equal(written.status, 'fulfilled')
    assert.deepEqual(loaded, { status: 'fulfilled', value: [{ name: 'me/app:1', id }] })
    assert.ok(Buffer.concat(received).equals(Buffer.concat(chunks)))
    assert.deepEqual(server.paths, [
      'GET /_ping',
      'POST /v1.41/images/load?quiet=0',
      'GET /v1.41/images/me/app:1/json',
    ])
  })

  it('speaks the version it knows to an Engine that is newer', async () => {
    await using server = await fakeEngine((request, response) => {
      request.resume().on('end', () => response.end(line({ stream: `Loaded image ID: ${id}\n` })))
    }, '1.99')
    const { loaded } = await loading(server)
    assert.deepEqual(loaded, { status: 'fulfilled', value: [{ name: undefined, id }] })
    assert.deepEqual(server.paths, ['GET /_ping', 'POST /v1.51/images/load?quiet=0'])
  })

  it('puts messages together that arrive in pieces', async () => {
    await using server = await fakeEngine(async (request, response) => {
      request.resume()
      await once(request, 'end')
      for (const byte of Buffer.from(line({ stream: 'Loaded image: ä/b:1\n' }).trimEnd())) {
        response.write(Buffer.of(byte))
        await new Promise(setImmediate)
      }
      response.end()
    })
    const { loaded } = await loading(server)
    assert.deepEqual(loaded, { status: 'fulfilled', value: [{ name: 'ä/b:1', id }] })
    assert.equal(server.paths.at(-1), 'GET /v1.41/images/%C3%A4/b:1/json')
  })

  it('fails with an error that comes under status 200', async () => {
    for (const message of [
      { errorDetail: { message: 'no space\nleft' }, error: 'x' },
      { error: 'no space left' },
    ]) {
      await using server = await fakeEngine((request, response) => {
        request.resume().on('end', () => {
          response.write(line({ stream: 'Loaded image: me/app:1\n' }))
          response.end(line(message))
        })
      })
      const error = await failure(server)
      assert.equal(error.code, 'EXPORT_FAILED')
      assert.match(error.message, /^docker:.* has not loaded the image: got no space left$/)
    }
  })

  it('fails with an error that comes before the archive is through', async () => {
    await using server = await fakeEngine((_request, response) => {
      response.writeHead(500).end('{"message":"the disk is gone"}')
    })
    function* endless() {
      for (;;) yield Buffer.alloc(64 << 10)
    }
    const error = await failure(server, endless())
    assert.equal(error.code, 'EXPORT_FAILED')
    assert.match(error.message, /status 500: the disk is gone/)
  })

  it('fails when the Engine breaks off', async () => {
    await using server = await fakeEngine((request) => void request.once('data', () => request.destroy()))
    assert.equal((await failure(server)).code, 'EXPORT_FAILED')
  })

  it('fails when the Engine reports what is no JSON, or too much of it', async () => {
    await using server = await fakeEngine(
      (request, response) => void request.resume().on('end', () => response.end('{]')),
    )
    assert.match((await failure(server)).message, /it reports \{\]/)
    await using flood = await fakeEngine((request, response) => {
      request.resume().on('end', () => response.end('x'.repeat(2 << 20)))
    })
    assert.match((await failure(flood)).message, /it reports too much/)
  })

  it('fails when what answers is no Engine', async () => {
    await using server = await fakeEngine(() => {}, 'none')
    assert.match((await failure(server)).message, /names no version of its API/)
  })

  it('fails when the Engine stops to take the archive', async () => {
    await using server = await fakeEngine((request) => void request.pause())
    const error = await failure(server, [Buffer.from('x')], { idleTimeoutMs: 100 })
    assert.equal(error.code, 'TIMEOUT')
    assert.match(error.message, /progress within 100 ms/)
  })

  it('fails when nobody listens', async () => {
    const server = await listening(net.createServer())
    await server[Symbol.asyncDispose]()
    assert.equal((await failure(server)).code, 'UNREACHABLE')
  })

  it('gives up with the signal’s reason, and cuts the request', async () => {
    const gaveUp = new AbortController()
    const reason = new Error('enough')
    const cut = deferred()
    await using server = await fakeEngine((request) => {
      request.on('error', () => cut.resolve())
      request.once('data', () => gaveUp.abort(reason))
    })
    const { archive, images } = loadImages(engineAt(server), { signal: gaveUp.signal })
    archive.on('error', () => {}).write('x')
    await assert.rejects(images, (error) => error === reason)
    await cut.promise
  })

  it('cuts the request when the archive breaks off', async () => {
    const reason = new Error('the daemon has died')
    const cut = deferred()
    await using server = await fakeEngine((request) => {
      request.on('error', () => cut.resolve())
      request.once('data', () => archive.destroy(reason))
    })
    const { archive, images } = loadImages(engineAt(server))
    archive.on('error', () => {}).write('x')
    await assert.rejects(images, (error) => error === reason)
    await cut.promise
  })

  it('does not wait for an Engine that says nothing when the archive breaks off', async () => {
    const reason = new Error('the daemon has died')
    await using server = await listening(net.createServer(() => archive.destroy(reason)))
    const { archive, images } = loadImages(engineAt(server))
    archive.on('error', () => {})
    await assert.rejects(images, (error) => error === reason)
  })
})
