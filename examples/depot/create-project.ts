// Creates a project: a cache of its own, and machines that share it. One for each customer.
//
//   npx tsx examples/depot/create-project.ts my-project [us-east-1]
import { Depot } from 'buildkit-client/depot'

const [name = 'my-project', regionId = 'us-east-1'] = process.argv.slice(2)

await using depot = new Depot()
const project = await depot.projects.create({
  name,
  regionId,
  cachePolicy: { keepGb: 50, keepDays: 14 },
})
console.log(project.projectId)
