// Builds a directory on a machine of Depot's, and pushes the image to any registry.
//
//   npx tsx examples/depot/build-and-push.ts docker.io/me/app:latest [directory]
//
// The project is named by DEPOT_PROJECT_ID or depot.json. The registry's credentials come from
//
//   REGISTRY_USERNAME and REGISTRY_PASSWORD   for the registry of the image
//   REGISTRY_PASSWORD_FILE                    the same password in a file, read when it is needed
//   neither                                   what `docker login` has left
import { readFile } from 'node:fs/promises'
import { callbackAuth, dockerConfigAuth, staticAuth } from 'buildkit-client'
import { Depot } from 'buildkit-client/depot'

const [image, directory = '.'] = process.argv.slice(2)
if (image === undefined) throw new Error('which image? For example docker.io/me/app:latest')

function credentials(registry: string) {
  const {
    REGISTRY_USERNAME: username,
    REGISTRY_PASSWORD: password,
    REGISTRY_PASSWORD_FILE: file,
  } = process.env
  if (username && password) return staticAuth({ [registry]: { username, password } })
  if (username && file) {
    // A callback is asked by the name that the daemon has for Docker Hub.
    const pushedTo = registry === 'docker.io' ? 'registry-1.docker.io' : registry
    return callbackAuth(async (host) =>
      host === pushedTo ? { username, password: (await readFile(file, 'utf8')).trim() } : undefined,
    )
  }
  return dockerConfigAuth()
}

await using depot = new Depot()
await using build = await depot.createBuild({ push: true, tags: [image] })
await using machine = await build.acquireMachine('linux/amd64')
await using buildkit = await machine.connect()
const run = buildkit.solve({
  frontend: 'dockerfile.v0',
  frontendAttrs: { platform: 'linux/amd64' },
  localDirs: { context: directory, dockerfile: directory },
  exports: [{ type: 'image', attrs: { name: image, push: 'true', 'oci-mediatypes': 'true' } }],
  session: [credentials(image.slice(0, image.indexOf('/')))],
})
for await (const status of run.status) process.stdout.write(`${JSON.stringify(status)}\n`)
const { digest } = await run
console.log(digest)
