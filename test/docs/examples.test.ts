import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { daemonAddress } from '../support/daemon.ts'
import { type GuardedRegistry, startTokenRegistry } from '../support/registry.ts'
import { registryGet } from '../support/registry-get.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'
import { root } from './manual.ts'

const run = promisify(execFile)

describe('the example that builds a directory and pushes the image', {
  skip: skipWithout('daemon', 'registry'),
}, () => {
  const ways: [string, (registry: GuardedRegistry, home: string) => Promise<NodeJS.ProcessEnv>][] = [
    [
      'the environment',
      async ({ username, password }) => ({ REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password }),
    ],
    [
      'the Docker config',
      async ({ host, username, password }, home) => {
        const auth = Buffer.from(`${username}:${password}`).toString('base64')
        await writeFile(join(home, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
        return {}
      },
    ],
  ]
  for (const [way, credentials] of ways) {
    it(`does so with credentials from ${way}`, async () => {
      await using home = await tempDir()
      await using registry = await startTokenRegistry()
      await writeFile(join(home.path, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
      const image = `${registry.host}/me/app:latest`
      const { stdout, stderr } = await run(
        process.execPath,
        ['--import', 'tsx', 'examples/build-and-push.ts', image, home.path],
        {
          cwd: root,
          env: {
            PATH: process.env.PATH,
            HOME: home.path,
            DOCKER_CONFIG: home.path,
            BUILDKIT_HOST: daemonAddress(),
            ...(await credentials(registry, home.path)),
          },
        },
      )
      assert.match(stderr, /COPY Dockerfile/)
      const { response } = await registryGet(`http://${registry.host}/v2/me/app/manifests/latest`, registry)
      assert.equal(stdout, `${response.headers.get('docker-content-digest')}\n`)
      assert.match(stdout, /^sha256:/)
    })
  }
})
