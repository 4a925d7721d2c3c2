import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../../../scripts/parts/command.ts'
import { isBuildkitError } from '../../../src/base/errors.ts'
import { dockerConfigCredentials } from '../../../src/registry/docker-config.ts'
import { part } from '../../support/parts.ts'
import { skipWithout } from '../../support/skip.ts'
import { tempDir } from '../../support/temp.ts'
import type { DockerConfigCase, Outcome } from './case.ts'
import { entryCases } from './entry-cases.ts'
import { fileCases } from './file-cases.ts'
import { helperCases } from './helper-cases.ts'

const cases = [...fileCases, ...entryCases, ...helperCases]

describe('Docker configs, as the record says that Docker reads them', () => {
  for (const entry of cases) {
    const [expected, reason] = entry.ours ?? [entry.docker]
    it(`${entry.name}${reason === undefined ? '' : ` (${reason})`}`, async () => {
      await using at = await configOf(entry)
      assert.deepEqual(await ours(at.env, entry.host ?? 'a.example'), expected)
    })
  }

  it('are all different, and more than 70', () => {
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.ok(cases.length > 70)
  })
})

describe('the record', { skip: skipWithout('dockerConfig') }, () => {
  for (const entry of cases) {
    it(`is what Docker says of ${entry.name}`, async () => {
      await using at = await configOf(entry)
      assert.deepEqual(await dockers(at.env, entry.host ?? 'a.example'), entry.docker)
    })
  }
})

/** A folder with the config and its helpers. */
async function configOf({ config, variable, helpers = {} }: DockerConfigCase) {
  const dir = await tempDir()
  if (config !== undefined) await writeFile(join(dir.path, 'config.json'), config)
  for (const [name, script] of Object.entries(helpers)) {
    const file = join(dir.path, `docker-credential-${name}`)
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
  }
  const env = {
    DOCKER_CONFIG: dir.path,
    PATH: `${dir.path}:/usr/bin:/bin`,
    ...(variable !== undefined && { DOCKER_AUTH_CONFIG: variable }),
  }
  return { env, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

async function ours(env: NodeJS.ProcessEnv, host: string): Promise<Outcome> {
  try {
    return (await dockerConfigCredentials({ env })(host, new AbortController().signal)) ?? 'anonymous'
  } catch (error) {
    assert.ok(isBuildkitError(error) && error.code === 'CREDENTIALS_FAILED', String(error))
    return 'error'
  }
}

/** Its answer as BuildKit's client uses it: an identity token is a secret without a user. */
async function dockers(env: NodeJS.ProcessEnv, host: string): Promise<Outcome> {
  const line = await run(part('dockerConfig'), [host], { env })
  const { error, registryToken, identityToken, username, password } = JSON.parse(line)
  if (error !== undefined) return 'error'
  if (registryToken !== undefined) return { registryToken }
  if (identityToken !== undefined) return { identityToken }
  if (password === undefined) return 'anonymous'
  return username === undefined ? { identityToken: password } : { username, password }
}
