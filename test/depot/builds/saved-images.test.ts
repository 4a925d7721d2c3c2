import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Registration } from '../../../src/depot/builds/registration.ts'
import { savedImages } from '../../../src/depot/builds/saved-images.ts'

const registration: Registration = {
  buildId: 'b1',
  token: 'of the build',
  projectId: 'p1',
  url: '',
  savedTags: [
    'org.registry.example:5000/p1:b1',
    'org.registry.example:5000/team/x:latest',
    'elsewhere.example/y:1',
  ],
  credentials: [{ host: 'org.registry.example:5000', username: 'x-token', password: 'secret' }],
}

describe('the saved images of a build', () => {
  it('are named as Depot says, with credentials for these repositories and its project', () => {
    const { tags, grants } = savedImages(registration, ['ignored'])
    assert.equal(tags, registration.savedTags)
    assert.deepEqual(grants, [
      {
        host: 'org.registry.example:5000',
        credentials: { username: 'x-token', password: 'secret' },
        repositories: ['p1', 'team/x'],
      },
    ])
  })

  it('are refused where Depot’s name is none, as one with a comma, which would be two to the daemon', () => {
    for (const tag of ['registry.example/p1:b1,docker.io/me/app:latest', '', 'a b', 'a\nb'])
      for (const credentials of [[], registration.credentials])
        assert.throws(() => savedImages({ ...registration, savedTags: [tag], credentials }), {
          code: 'API_FAILED',
          received: JSON.stringify(tag),
        })
    assert.throws(() => savedImages({ ...registration, savedTags: undefined }, ['a,b']), {
      code: 'INVALID_OPTION',
      subject: 'saveTags',
    })
  })

  it('of a build that is not saved are none, and it may still read those of its project', () => {
    const { tags, grants } = savedImages({ ...registration, savedTags: [] })
    assert.deepEqual(tags, [])
    assert.deepEqual(
      grants.map(({ repositories }) => repositories),
      [['p1']],
    )
    assert.deepEqual(savedImages({ ...registration, savedTags: [], credentials: [] }), {
      tags: [],
      grants: [],
    })
  })

  it('of an adopted build have the names that Depot’s own CLI gives, and its token opens them', () => {
    const adopted = { ...registration, savedTags: undefined, credentials: [] }
    const { tags, grants } = savedImages(adopted, ['latest', 'b1', 'latest'])
    assert.deepEqual(tags, ['registry.depot.dev/p1:b1', 'registry.depot.dev/p1:latest'])
    assert.deepEqual(grants, [
      {
        host: 'registry.depot.dev',
        credentials: { username: 'x-token', password: 'of the build' },
        repositories: ['p1'],
      },
    ])
  })
})
