import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { userConfigPath, userConfigToken } from '../../../src/depot/identity/user-config.ts'
import { tempDir } from '../../support/temp.ts'

describe('userConfigPath', () => {
  const own = join('depot', 'depot.yaml')
  const places: [NodeJS.Platform, NodeJS.ProcessEnv, string | undefined][] = [
    ['linux', { XDG_CONFIG_HOME: '/x', HOME: '/h' }, join('/x', own)],
    ['linux', { HOME: '/h' }, join('/h', '.config', own)],
    ['linux', {}, undefined],
    ['darwin', {}, undefined],
    ['win32', {}, undefined],
    ['darwin', { HOME: '/h' }, join('/h', 'Library', 'Application Support', own)],
    ['darwin', { XDG_CONFIG_HOME: '/x', HOME: '/h' }, join('/x', own)],
    ['win32', { LOCALAPPDATA: '/l' }, join('/l', own)],
    ['win32', { USERPROFILE: '/u' }, join('/u', 'AppData', 'Local', own)],
  ]
  for (const [platform, env, path] of places) {
    it(`is ${path} on ${platform} with ${JSON.stringify(env)}`, () => {
      assert.equal(userConfigPath(env, platform), path)
    })
  }
})

describe('userConfigToken', () => {
  async function tokenFrom(text: string) {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'depot'))
    const path = join(dir.path, 'depot', 'depot.yaml')
    await writeFile(path, text)
    return await userConfigToken(path)
  }

  it('reads what depot login leaves', async () => {
    assert.equal(await tokenFrom('api_token: depot_user_abc\norg_id: 3d1h48dqlh\n'), 'depot_user_abc')
  })

  it('reads a token of digits as they stand', async () => {
    assert.equal(await tokenFrom('api_token: 00123456789012345678901\n'), '00123456789012345678901')
  })

  it('finds none in an empty file, in one without the key, and after a logout', async () => {
    for (const text of ['', 'org_id: x\n', 'api_token: ""\n', 'api_token:\n'])
      assert.equal(await tokenFrom(text), undefined, JSON.stringify(text))
  })

  it('finds none where there is no file, or a file where the folder should be', async () => {
    await using dir = await tempDir()
    assert.equal(await userConfigToken(join(dir.path, 'depot.yaml')), undefined)
    await writeFile(join(dir.path, 'depot'), '')
    assert.equal(await userConfigToken(join(dir.path, 'depot', 'depot.yaml')), undefined)
  })

  it('refuses what is malformed, naming the file and quoting nothing of it', async () => {
    for (const text of ['api_token: "secret', 'api_token: [secret]', 'secret'])
      await assert.rejects(tokenFrom(text), (error: Error & { code?: string; subject?: string }) => {
        assert.equal(error.code, 'INVALID_OPTION')
        assert.match(error.subject ?? '', /depot\.yaml$/)
        assert.doesNotMatch(`${error.message}${error.stack}${error.cause}`, /secret/)
        return true
      })
  })
})
