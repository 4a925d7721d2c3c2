import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { moby } from '../../src/gen/buildkit.js'
import { RpcClient } from '../../src/grpc/client.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { type Attachable, unary } from '../../src/session/attachable.ts'
import { type Contribution, Services } from '../../src/session/services.ts'
import { Session } from '../../src/session/session.ts'
import { linkedPair } from '../support/linked-pair.ts'

const fileSync = '/moby.filesync.v1.FileSync/DiffCopy'
const fileSend = '/moby.filesync.v1.FileSend/DiffCopy'
const credentials = '/moby.filesync.v1.Auth/Credentials'
const secret = '/moby.buildkit.secrets.v1.Secrets/GetSecret'
const read = '/containerd.services.content.v1.Content/Read'
const free = '/t.T/Greet'

/** What answers with its own name. */
function named(name: string, method: string, keys?: readonly string[]): Contribution {
  const attachable: Attachable = {
    methods: { [method]: unary((request) => Buffer.from(`${name}:${request.toString('latin1')}`)) },
    ...(keys !== undefined && { keys }),
  }
  return { source: name, attachable }
}

/** A daemon's view of the services. */
async function daemonOf(services: Services) {
  const session = new Session({ services })
  const [ours, theirs] = linkedPair()
  const running = session.run(() => ours)
  const rpc = new RpcClient(theirs, { authority: 'localhost', scheme: 'http' })
  await rpc.ready
  return {
    async call(method: string, metadata: Record<string, string> = {}, request: Uint8Array = Buffer.alloc(0)) {
      return (await rpc.unary(method, request, { metadata })).toString('latin1')
    },
    async [Symbol.asyncDispose]() {
      session.close()
      await running
    },
  }
}

const { CredentialsRequest } = moby.filesync.v1
const forHost = (Host: string) => CredentialsRequest.encode({ Host }).finish()
const trace = (owner: string) => ({ traceparent: `00-${owner}-0123456789abcdef-01` })
const [red, blue, gone] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string]

describe('Services', () => {
  it('routes inside a method by the key that BuildKit uses there', async () => {
    const services = new Services([
      named('context', fileSync, ['context']),
      named('own', fileSync, ['own', 'other']),
      named('first', fileSend, ['0']),
      named('third', fileSend, ['2']),
      named('store', read, ['local']),
      named('oci', read, ['oci']),
      named('hub', credentials, ['docker.io']),
      named('ghcr', credentials, ['ghcr.io']),
      named('token', secret, ['token']),
      named('pin', secret, ['pin']),
    ])
    await using daemon = await daemonOf(services)
    const exporter = 'buildkit-attachable-exporter-id'
    const store = 'buildkit-attachable-store-id'
    for (const [method, metadata, request, answer] of [
      [fileSync, { 'dir-name': 'context' }, undefined, 'context:'],
      [fileSync, { 'dir-name': 'other' }, undefined, 'own:'],
      [fileSend, {}, undefined, 'first:'],
      [fileSend, { [exporter]: '2' }, undefined, 'third:'],
      [read, { [store]: 'oci' }, undefined, 'oci:'],
      [credentials, {}, forHost('ghcr.io'), 'ghcr:\n\x07ghcr.io'],
      [credentials, {}, forHost('docker.io'), 'hub:\n\tdocker.io'],
      [secret, {}, forHost('pin'), 'pin:\n\x03pin'],
    ] as const)
      assert.equal(await daemon.call(method, metadata, request), answer, method)
  })

  it('answers a key that nothing serves as BuildKit’s own client does', async () => {
    const keys = ['served']
    const services = new Services(
      [fileSync, fileSend, read, credentials, secret].map((method) => named('x', method, keys)),
    )
    await using daemon = await daemonOf(services)
    for (const [method, metadata, request, grpcCode, message] of [
      [fileSync, { 'dir-name': 'etc' }, undefined, Code.NotFound, 'no access allowed to dir "etc"'],
      [fileSend, {}, undefined, Code.NotFound, 'exporter 0 not found'],
      [read, { 'buildkit-attachable-store-id': 'x' }, undefined, Code.NotFound, 'unknown store "x"'],
      [credentials, {}, forHost('a.b'), Code.Unimplemented, 'no credentials for a.b'],
      [secret, {}, forHost('pin'), Code.NotFound, 'secret pin not found'],
    ] as const)
      await assert.rejects(daemon.call(method, metadata, request), { grpcCode, message })
  })

  it('gives what no other has the key of to the one without keys', async () => {
    await using daemon = await daemonOf(
      new Services([named('context', fileSync, ['context']), named('rest', fileSync)]),
    )
    assert.equal(await daemon.call(fileSync, { 'dir-name': 'context' }), 'context:')
    assert.equal(await daemon.call(fileSync, { 'dir-name': 'anything' }), 'rest:')
  })

  it('refuses equal keys only, naming the key and both sources', () => {
    const refuses = (a: Contribution, b: Contribution, message: RegExp) =>
      assert.throws(
        () => new Services([a, b]),
        (error: BuildkitError) => {
          assert.equal(error.code, 'INVALID_OPTION')
          assert.equal(error.subject, b.source)
          assert.match(error.message, message)
          return true
        },
      )
    refuses(
      named('localDirs', fileSync, ['context', 'dockerfile']),
      named('session[0]', fileSync, ['own', 'dockerfile']),
      /^option session\[0] serves the directory "dockerfile", and so does localDirs: /,
    )
    refuses(
      named('a', credentials, ['ghcr.io']),
      named('b', credentials, ['ghcr.io']),
      /the registry "ghcr.io"/,
    )
    refuses(
      named('session[0]', credentials),
      named('session[1]', credentials),
      /^option session\[1] serves \/moby.*Credentials, and so does session\[0]: .*Give one of them keys: the registry/,
    )
    refuses(named('a', free), named('b', free), /^option b serves \/t\.T\/Greet, and so does a/)
    assert.throws(() => new Services([named('a', free, ['x'])]), {
      code: 'INVALID_OPTION',
      subject: 'a.keys',
    })
  })

  it('leaves nothing behind of what it has refused', () => {
    const services = new Services([named('a', fileSync, ['x'])])
    assert.throws(() => services.add([named('b', fileSend, ['0']), named('c', fileSync, ['x'])]))
    assert.deepEqual(services.methods, [fileSync])
  })

  it('serves each owner’s calls by that owner’s own, and everyone’s by the others', async () => {
    const services = new Services([named('shared', fileSync, ['context'])])
    using _ = services.add([named('red', fileSend, ['0'])], red)
    using ofBlue = services.add([named('blue', fileSend, ['0']), named('blue', fileSync)], blue)
    await using daemon = await daemonOf(services)
    assert.equal(await daemon.call(fileSend, trace(red)), 'red:')
    assert.equal(await daemon.call(fileSend, trace(blue)), 'blue:')
    assert.equal(await daemon.call(fileSync, { 'dir-name': 'context', ...trace(blue) }), 'shared:')
    assert.equal(await daemon.call(fileSync, { 'dir-name': 'more', ...trace(blue) }), 'blue:')
    await assert.rejects(daemon.call(fileSync, { 'dir-name': 'more', ...trace(red) }), { grpcCode: 5 })
    await assert.rejects(daemon.call(fileSend, trace(gone)), { message: 'exporter 0 not found' })
    await assert.rejects(daemon.call(fileSend), {
      message: /^the daemon does not say for which build it calls \/moby/,
    })
    ofBlue[Symbol.dispose]()
    await assert.rejects(daemon.call(fileSend, trace(blue)), { message: 'exporter 0 not found' })
    assert.equal(await daemon.call(fileSend, trace(red)), 'red:')
    assert.throws(() => services.add([named('green', fileSync, ['context'])], gone), {
      code: 'INVALID_OPTION',
    })
  })

  it('keeps the errors of handlers by what the calls were for, BuildkitErrors first', async () => {
    const failing = (method: string, error: Error, keys: readonly string[]): Contribution => ({
      source: 'x',
      attachable: { keys, methods: { [method]: () => Promise.reject(error) } },
    })
    const [status, first, second] = [
      new RpcError(Code.NotFound, 'no'),
      new BuildkitError('CONTEXT_FAILED', 'a'),
      new BuildkitError('EXPORT_FAILED', 'b'),
    ]
    const services = new Services([failing(fileSync, status, ['s']), failing(fileSync, first, ['c'])])
    using _ = services.add([failing(fileSend, second, ['0'])], red)
    await using daemon = await daemonOf(services)
    for (const [method, metadata] of [
      [fileSync, { 'dir-name': 's' }],
      [fileSync, { 'dir-name': 'c' }],
      [fileSend, trace(red)],
    ] as const)
      await assert.rejects(daemon.call(method, metadata))
    const shared = [
      { method: fileSync, key: 'c', error: first },
      { method: fileSync, key: 's', error: status },
    ]
    assert.deepEqual(services.errorsOf(), shared)
    assert.deepEqual(services.errorsOf(blue), shared)
    assert.deepEqual(services.errorsOf(red), [{ method: fileSend, key: '0', error: second }, ...shared])
  })

  it('keeps a bounded number of errors, those of ours the longest', async () => {
    const ours = new BuildkitError('CONTEXT_FAILED', 'first of all')
    let error: Error = ours
    const services = new Services([
      { source: 'x', attachable: { methods: { [free]: () => Promise.reject(error) } } },
    ])
    await using daemon = await daemonOf(services)
    for (let call = 0; call < 100; call++) {
      await assert.rejects(daemon.call(free))
      error = new RpcError(Code.NotFound, `${call}`)
    }
    assert.equal(services.errorsOf().length, 64)
    assert.equal(services.errorsOf()[0]!.error, ours)
  })
})
