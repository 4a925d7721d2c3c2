// A program that is handed a build in its environment, as Depot's own clients are: it builds the Dockerfile of its
// first argument, saves the image, and writes its files into the folder of the second.
import { Depot } from '../../src/depot/depot.ts'

const { DEPOT_BUILD_ID: buildId = '', DEPOT_TOKEN: token = '' } = process.env
const [Dockerfile = '', outputDir = ''] = process.argv.slice(2)

await using depot = new Depot()
await using build = await depot.adoptBuild({ buildId, token, saveTags: ['latest'] })
await using machine = await build.acquireMachine('amd64')
await using buildkit = await machine.connect()
const { digest } = await buildkit.solve({
  frontend: 'dockerfile.v0',
  localDirs: { context: { file: `of ${buildId}` }, dockerfile: { Dockerfile } },
  exports: [
    { type: 'image', attrs: { name: build.savedTags.join(), push: 'true' } },
    { type: 'local', outputDir },
  ],
  session: [build.auth],
}).result
console.log(JSON.stringify({ digest, savedTags: build.savedTags }))
