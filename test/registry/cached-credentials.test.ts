import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CachedCredentials, cacheMs } from '../../src/registry/cached-credentials.ts'
import type { Credentials } from '../../src/registry/credentials.ts'

const never = new AbortController().signal

function counted(answers: (Credentials | Error | undefined)[] = []) {
  const asked: string[] = []
  const clock = { ms: 1000 }
  const source = async (host: string) => {
    asked.push(host)
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer ?? { identityToken: `${host} ${asked.length}` }
  }
  return { asked, clock, cache: new CachedCredentials(source, () => clock.ms) }
}

describe('CachedCredentials', () => {
  it('asks once for a host in 4 min 50 s, and each host for itself', async () => {
    const { asked, clock, cache } = counted()
    assert.equal(cacheMs, 290_000)
    assert.deepEqual(await cache.get('a', never), { identityToken: 'a 1' })
    assert.deepEqual(await cache.get('b', never), { identityToken: 'b 2' })
    clock.ms += cacheMs - 1
    assert.deepEqual(await cache.get('a', never), { identityToken: 'a 1' })
    clock.ms += 1
    assert.deepEqual(await cache.get('a', never), { identityToken: 'a 3' })
    assert.deepEqual(asked, ['a', 'b', 'a'])
  })

  it('asks once for questions side by side', async () => {
    const { asked, cache } = counted()
    const answers = await Promise.all([1, 2, 3].map(() => cache.get('a', never)))
    assert.deepEqual(asked, ['a'])
    assert.deepEqual(new Set(answers).size, 1)
  })

  it('answers for a host while another one’s answer takes long', async () => {
    const cache = new CachedCredentials((host) =>
      host === 'stuck' ? new Promise<never>(() => {}) : Promise.resolve({ identityToken: host }),
    )
    const abort = new AbortController()
    const stuck = cache.get('stuck', abort.signal)
    assert.deepEqual(await cache.get('a', never), { identityToken: 'a' })
    abort.abort(new Error('enough'))
    await assert.rejects(stuck, { message: 'enough' })
  })

  it('keeps that a host is anonymous, and no failure', async () => {
    const { asked, cache } = counted([new Error('no'), undefined])
    const anonymous = new CachedCredentials(async (host) => {
      asked.push(host)
      return undefined
    })
    await assert.rejects(cache.get('a', never), { message: 'no' })
    assert.deepEqual(await cache.get('a', never), { identityToken: 'a 2' })
    assert.equal(await anonymous.get('b', never), undefined)
    assert.equal(await anonymous.get('b', never), undefined)
    assert.deepEqual(asked, ['a', 'a', 'b'])
  })

  it('asks anew about a host that it was told to forget', async () => {
    const { asked, cache } = counted()
    await cache.get('a', never)
    await cache.get('b', never)
    cache.forget('a')
    await cache.get('a', never)
    await cache.get('b', never)
    assert.deepEqual(asked, ['a', 'b', 'a'])
  })

  it('keeps a bounded number of hosts', async () => {
    const { asked, cache } = counted()
    for (let i = 0; i < 257; i++) await cache.get(`h${i}`, never)
    await cache.get('h256', never)
    assert.equal(asked.length, 257)
    await cache.get('h0', never)
    assert.equal(asked.length, 258)
  })
})
