// A program that has begun a build and waits, for the test of what a signal does to it.
import { Depot } from '../../../src/depot/depot.ts'

const [apiUrl, token, projectId, handles] = process.argv.slice(2) as [string, string, string, string?]

if (handles === 'handles')
  process.once('SIGTERM', () => {
    console.log('handled')
    setTimeout(() => process.exit(3), 1_000)
  })

const depot = new Depot({ apiUrl, token, env: {} })
for (const platform of ['amd64', 'arm64'] as const) {
  const build = await depot.createBuild({ projectId, finishOnExit: true })
  await build.acquireMachine(platform)
}
console.log('ready')
setInterval(() => {}, 60_000)
