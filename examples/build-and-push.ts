// Builds a directory and pushes the image to a registry. Progress goes to standard error, the digest to standard output.
//
//   npx tsx examples/build-and-push.ts docker.io/me/app:latest [directory]
//
// BUILDKIT_HOST     the daemon, such as docker:// for a Docker Engine; by default BuildKit's own on this machine
// REGISTRY_USERNAME and REGISTRY_PASSWORD, or without them what `docker login` has left
import { connect, dockerConfigAuth, staticAuth } from 'buildkit-client'
import { render } from 'buildkit-client/progress'

const [image, directory = '.'] = process.argv.slice(2)
if (image === undefined) throw new Error('which image? For example docker.io/me/app:latest')

const address = process.env.BUILDKIT_HOST ?? 'unix:///run/buildkit/buildkitd.sock'
const { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password } = process.env
const registry = image.slice(0, image.indexOf('/'))

await using buildkit = await connect(address)
const run = buildkit.solve({
  frontend: 'dockerfile.v0',
  localDirs: { context: directory, dockerfile: directory },
  exports: [{ type: 'image', attrs: { name: image, push: 'true', 'oci-mediatypes': 'true' } }],
  session: [username && password ? staticAuth({ [registry]: { username, password } }) : dockerConfigAuth()],
})
await render(run.status, { output: process.stderr, env: process.env })
const { digest } = await run
console.log(digest)
