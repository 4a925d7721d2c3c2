// A program that builds and comes to its end without ending the process or closing its Depot.
import { Depot } from '../../../src/depot/depot.ts'

const [apiUrl, token, projectId, machineApi, forgets] = process.argv.slice(2) as [
  string,
  string,
  string,
  'cli' | 'public',
  'forgets' | 'forgets and exits' | undefined,
]

const depot = new Depot({ apiUrl, token, env: {}, machineApi })
if (forgets !== undefined) {
  const build = await depot.createBuild({ projectId })
  await build.acquireMachine('amd64')
  console.log('built')
  if (forgets === 'forgets and exits') process.exit()
} else {
  await using build = await depot.createBuild({ projectId, finishOnExit: true })
  await using machine = await build.acquireMachine('amd64')
  await using buildkit = await machine.connect()
  await buildkit.solve({ frontend: 'gateway.v0', frontendAttrs: { source: 'frontend.test/any' } }).result
  console.log('built')
}
