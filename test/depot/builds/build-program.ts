// A program that builds and comes to its end without ending the process or closing its Depot.
import { Depot } from '../../../src/depot/depot.ts'

const [apiUrl, token, projectId, machineApi] = process.argv.slice(2) as [
  string,
  string,
  string,
  'cli' | 'public',
]

const depot = new Depot({ apiUrl, token, env: {}, machineApi })
{
  await using build = await depot.createBuild({ projectId, finishOnExit: true })
  await using machine = await build.acquireMachine('amd64')
  await using buildkit = await machine.connect()
  await buildkit.solve({ frontend: 'gateway.v0', frontendAttrs: { source: 'frontend.test/any' } }).result
}
console.log('built')
