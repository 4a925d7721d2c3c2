// Our side of the comparison: a process with one Depot client of the built package, as a service would have it. Each
// line on its standard input names builds of this folder, which it does at once; it prints a line when they are
// done, and what happens in them on its standard error, as JSON.
import { createInterface } from 'node:readline'
import { Depot } from '../../dist/depot/index.js'

process.on('uncaughtException', ({ message }) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
})

const depot = new Depot()
for await (const line of createInterface({ input: process.stdin })) {
  await Promise.all(JSON.parse(line).map(build))
  process.stdout.write('done\n')
}
await depot.close()

async function build({ projectId, buildArgs = {} }) {
  const run = depot.build({
    projectId,
    platforms: ['linux/amd64'],
    // As Depot's CLI has it.
    internal: true,
    localDirs: { context: '.', dockerfile: '.' },
    frontendAttrs: Object.fromEntries(
      Object.entries(buildArgs).map(([name, value]) => [`build-arg:${name}`, value]),
    ),
  })
  for await (const event of run.events) process.stderr.write(`${JSON.stringify(event)}\n`)
  await run.result
}
