// Builds a directory on a machine of Depot's, and saves the image in Depot's registry.
//
//   npx tsx examples/depot/create-build.ts krt0wtn195 [directory]
import { Depot } from 'buildkit-client/depot'

const [projectId, directory = '.'] = process.argv.slice(2)

await using depot = new Depot()
await using build = await depot.createBuild({ projectId, save: true })
console.error(build.url)
await using machine = await build.acquireMachine('linux/amd64', {
  onState: ({ kind }) => console.error(`the machine is ${kind}`),
})
await using buildkit = await machine.connect()
const run = buildkit.solve({
  frontend: 'dockerfile.v0',
  frontendAttrs: { platform: 'linux/amd64' },
  localDirs: { context: directory, dockerfile: directory },
  exports: [
    { type: 'image', attrs: { name: build.savedTags.join(), push: 'true', 'oci-mediatypes': 'true' } },
  ],
  session: [build.auth],
})
for await (const { vertexes = [] } of run.status)
  for (const { name, completed } of vertexes) if (completed) console.error(name)
const { digest } = await run

const { reference } = await depot.images.pullInfo(build.buildId)
console.log(`${reference}@${digest}`)
