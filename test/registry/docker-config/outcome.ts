import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../scripts/parts/command.ts'
import { isBuildkitError } from '../../../src/base/errors.ts'
import { dockerConfigCredentials } from '../../../src/registry/docker-config.ts'
import { part } from '../../support/parts.ts'
import { tempDir } from '../../support/temp.ts'
import type { DockerConfigCase, Outcome } from './case.ts'

/** A folder with the config and its helpers. */
export async function configOf({
  config,
  variable,
  helpers = {},
}: Pick<DockerConfigCase, 'config' | 'variable' | 'helpers'>) {
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

/** What we make of it. */
export async function ours(env: NodeJS.ProcessEnv, host: string): Promise<Outcome> {
  try {
    return (await dockerConfigCredentials({ env })(host, new AbortController().signal)) ?? 'anonymous'
  } catch (error) {
    assert.ok(isBuildkitError(error) && error.code === 'CREDENTIALS_FAILED', String(error))
    return 'error'
  }
}

/** What Docker's CLI module makes of it, as BuildKit's client uses that: an identity token is a secret without a user. */
export async function dockers(env: NodeJS.ProcessEnv, host: string): Promise<Outcome> {
  const line = await run(part('dockerConfig'), [host], { env })
  const { error, registryToken, identityToken, username, password } = JSON.parse(line)
  if (error !== undefined) return 'error'
  if (registryToken !== undefined) return { registryToken }
  if (identityToken !== undefined) return { identityToken }
  if (password === undefined) return 'anonymous'
  return username === undefined ? { identityToken: password } : { username, password }
}
