// Lists the projects that the token sees.
//
//   npx tsx examples/depot/list-projects.ts
import { Depot } from 'buildkit-client/depot'

await using depot = new Depot()
for (const { projectId, name, regionId, hardware } of await depot.projects.list())
  console.log(`${projectId}\t${name}\t${regionId}\t${hardware}`)
