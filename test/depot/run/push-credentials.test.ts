import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { pushGrants } from '../../../src/depot/run/push-credentials.ts'

const login = { username: 'me', password: 'open sesame' }
const other = { username: 'you', password: 'close sesame' }
const auth = Buffer.from('me:open:sesame').toString('base64')

const byTwo = { DEPOT_PUSH_REGISTRY_USERNAME: 'me', DEPOT_PUSH_REGISTRY_PASSWORD: 'open sesame' }

/** What it refuses names the option and shows no secret. */
function refused(subject: string, ...args: Parameters<typeof pushGrants>): string {
  let thrown: unknown
  try {
    pushGrants(...args)
  } catch (error) {
    thrown = error
  }
  assert.equal((thrown as { code?: string }).code, 'INVALID_OPTION')
  assert.equal((thrown as { subject?: string }).subject, subject)
  assert.doesNotMatch(inspect(thrown), /sesame|b3Blb/)
  return (thrown as Error).message
}

describe('credentials for pushing', () => {
  it('are for the registry they are given for', () => {
    const names = ['one.example:5000/a/b:1', 'two.example/c', 'one.example:5000/d']
    assert.deepEqual(pushGrants(names, { 'one.example:5000': login, 'https://Two.example/': other }, {}), [
      { host: 'one.example:5000', credentials: login },
      { host: 'two.example', credentials: other },
    ])
  })

  it('may be Docker Hub’s under any of its names', () => {
    for (const key of ['docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'])
      assert.deepEqual(pushGrants(['me/app'], { [key]: login }, {}), [
        { host: 'docker.io', credentials: login },
      ])
  })

  it('come from the environment in both documented ways, for the registry that is named', () => {
    const names = ['one.example/a', 'two.example/b']
    const named = { 'one.example': 'environment' } as const
    const expected = [{ host: 'one.example', credentials: login }]
    assert.deepEqual(pushGrants(names, named, byTwo), expected)
    assert.deepEqual(pushGrants(names, named, { DEPOT_PUSH_REGISTRY_AUTH: auth }), [
      { host: 'one.example', credentials: { username: 'me', password: 'open:sesame' } },
    ])
    assert.deepEqual(pushGrants(names, named, { ...byTwo, DEPOT_PUSH_REGISTRY_AUTH: 'ignored' }), expected)
    assert.deepEqual(pushGrants(names, { ...named, 'two.example': other }, byTwo), [
      ...expected,
      { host: 'two.example', credentials: other },
    ])
  })

  it('of the environment go to no registry that only an image name names', () => {
    for (const names of [['one.example/a'], ['one.example/a', 'two.example/a'], ['me/app'], []])
      assert.deepEqual(pushGrants(names, {}, { ...byTwo, DEPOT_PUSH_REGISTRY_AUTH: auth }), [])
    // Not even looked at.
    assert.deepEqual(pushGrants(['one.example/a'], {}, { DEPOT_PUSH_REGISTRY_AUTH: '!' }), [])
    assert.deepEqual(pushGrants(['one.example/a'], { 'one.example': other }, byTwo), [
      { host: 'one.example', credentials: other },
    ])
  })

  it('are refused where nothing is pushed to their registry', () => {
    const option = 'pushCredentials["two.example"]'
    assert.match(refused(option, ['one.example/a'], { 'two.example': login }), /pushed to: one\.example/)
    assert.match(refused(option, [], { 'two.example': login }), /there is none/)
    refused('pushCredentials["one.example"]', ['one.example:5000/a'], { 'one.example': login })
    refused('pushCredentials["…@one.example"]', ['one.example/a'], { 'me:sesame@one.example': login })
  })

  it('are refused where they are incomplete', () => {
    const one = ['one.example/a']
    const none = { username: 'me' } as unknown as typeof login
    refused('pushCredentials["one.example"]', one, { 'one.example': none })
    refused('pushCredentials["one.example"]', one, { 'one.example': { ...login, username: '' } })
    refused('pushCredentials["one.example"]', one, { 'one.example': 'env' as 'environment' })
    const named = { 'one.example': 'environment' } as const
    refused('DEPOT_PUSH_REGISTRY_PASSWORD', one, named, { DEPOT_PUSH_REGISTRY_USERNAME: 'me' })
    refused('DEPOT_PUSH_REGISTRY_USERNAME', one, named, { DEPOT_PUSH_REGISTRY_PASSWORD: 'open sesame' })
    refused('DEPOT_PUSH_REGISTRY_USERNAME', one, named, { DEPOT_PUSH_REGISTRY_USERNAME: '' })
    for (const text of ['me', ':sesame', 'me:'])
      refused('DEPOT_PUSH_REGISTRY_AUTH', one, named, {
        DEPOT_PUSH_REGISTRY_AUTH: Buffer.from(text).toString('base64'),
      })
  })
})
