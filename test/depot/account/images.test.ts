import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ConnectRouter } from '@connectrpc/connect'
import { Images } from '../../../src/depot/account/images.ts'
import { RegistryService } from '../../../src/gen/depot/build_pb.js'
import { BuildService, Command } from '../../../src/gen/depot/cli_pb.js'
import { all, fakeService } from '../fake-service.ts'

async function account(routes: (router: ConnectRouter) => void) {
  const service = await fakeService(routes)
  return { ...service, images: new Images(service.api) }
}

describe('the saved images of a project', () => {
  it('are listed over all pages', async () => {
    const pushedAt = new Date('2026-02-03T04:05:06.000Z')
    const image = (tag: string) => ({ tag, digest: `sha256:${tag}`, pushedAt: timestampFromDate(pushedAt) })
    const asked: unknown[] = []
    await using service = await account((router) =>
      router.rpc(RegistryService.method.listImages, ({ projectId, pageSize, pageToken }) => {
        asked.push([projectId, pageSize, pageToken])
        return pageToken === 'two'
          ? { images: [{ ...image('c'), sizeBytes: 5_000_000_000n }], nextPageToken: '' }
          : { images: [image('a'), image('b')], nextPageToken: 'two' }
      }),
    )
    assert.deepEqual(await all(service.images.list('p1', { pageSize: 2 })), [
      { tag: 'a', digest: 'sha256:a', pushedAt, sizeBytes: 0 },
      { tag: 'b', digest: 'sha256:b', pushedAt, sizeBytes: 0 },
      { tag: 'c', digest: 'sha256:c', pushedAt, sizeBytes: 5_000_000_000 },
    ])
    assert.deepEqual(asked, [
      ['p1', 2, undefined],
      ['p1', 2, 'two'],
    ])
  })

  it('are deleted by one tag or several', async () => {
    const deleted: unknown[] = []
    await using service = await account((router) =>
      router.rpc(RegistryService.method.deleteImage, ({ projectId, imageTags }) => {
        deleted.push([projectId, imageTags])
        return {}
      }),
    )
    await service.images.delete('p1', 'a')
    await service.images.delete('p1', ['b', 'c'])
    assert.deepEqual(deleted, [
      ['p1', ['a']],
      ['p1', ['b', 'c']],
    ])
  })

  it('say how they are pulled, and keep the password out of JSON and of what console.log prints', async () => {
    await using service = await account((router) =>
      router.rpc(BuildService.method.getPullInfo, ({ buildId }) => ({
        reference: `registry.example/p1:${buildId}`,
        username: 'x-token',
        password: 'hunter2',
        registryHost: buildId === 'b2' ? 'org.registry.example' : '',
      })),
    )
    const info = await service.images.pullInfo('b1')
    assert.equal(info.password, 'hunter2')
    assert.deepEqual(JSON.parse(JSON.stringify(info)), {
      reference: 'registry.example/p1:b1',
      username: 'x-token',
      targets: [],
    })
    assert.doesNotMatch(inspect(info), /hunter2/)
    assert.equal(info.registryHost, undefined)
    assert.equal((await service.images.pullInfo('b2')).registryHost, 'org.registry.example')
  })

  it('say what the build was to do, and are not found where it has saved nothing', async () => {
    const plain = { command: Command.BUILD, tags: ['me/app:1'], push: true }
    const saved = { ...plain, targetName: 'stage', save: true, saveTags: ['v1'], load: true }
    const baked = { command: Command.BAKE, targetName: 'web', save: true }
    await using service = await account((router) =>
      router.rpc(BuildService.method.getPullInfo, ({ buildId }) => ({
        reference: `registry.example/p1:${buildId}`,
        options: { plain: [plain], saved: [saved], baked: [{ ...baked, save: false }, baked], load: [plain] }[
          buildId
        ]!,
        saveForLoad: buildId === 'load',
      })),
    )
    const { images } = service
    const none = { bake: false, push: false, load: false, save: false, tags: [], saveTags: [] }
    assert.deepEqual((await images.pullInfo('saved')).targets, [
      {
        ...{ targetName: 'stage', bake: false, tags: ['me/app:1'], push: true, load: true },
        ...{ save: true, saveTags: ['v1'] },
      },
    ])
    assert.deepEqual((await images.pullInfo('baked')).targets, [
      { ...none, bake: true, targetName: 'web' },
      { ...none, bake: true, targetName: 'web', save: true },
    ])
    assert.equal((await images.pullInfo('load')).targets[0]?.save, false)
    await assert.rejects(images.pullInfo('plain'), {
      code: 'NOT_FOUND',
      message: /build plain has not saved an image/,
    })
  })

  it('are pulled with a token of a project, of a build, or of both', async () => {
    const asked: unknown[] = []
    await using service = await account((router) =>
      router.rpc(BuildService.method.getPullToken, ({ projectId, buildId }) => {
        asked.push([projectId, buildId])
        return { token: 'hunter2', registryHost: 'org.registry.example' }
      }),
    )
    const token = await service.images.pullToken({ projectId: 'p1' })
    await service.images.pullToken({ buildId: 'b1' })
    await service.images.pullToken({ projectId: 'p1', buildId: 'b1' })
    assert.equal(token.password, 'hunter2')
    assert.deepEqual({ ...token }, { username: 'x-token', registryHost: 'org.registry.example' })
    assert.deepEqual(asked, [
      ['p1', undefined],
      [undefined, 'b1'],
      ['p1', 'b1'],
    ])
  })

  it('are not asked for with something missing', async () => {
    await using service = await account(() => {})
    const { images } = service
    const wrong: [() => Promise<unknown>, string][] = [
      [() => all(images.list('')), 'projectId'],
      [() => images.delete('', 'a'), 'projectId'],
      [() => images.delete('p1', []), 'tags'],
      [() => images.delete('p1', ['a', '']), 'tags'],
      [() => images.pullInfo(''), 'buildId'],
      [() => images.pullToken({}), 'projectId'],
      [() => images.pullToken({ projectId: '' }), 'projectId'],
      [() => images.pullToken({ buildId: '' }), 'buildId'],
    ]
    for (const [call, subject] of wrong) await assert.rejects(call(), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(service.calls, [])
  })
})
