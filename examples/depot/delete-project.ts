// Deletes a project with its cache.
//
//   npx tsx examples/depot/delete-project.ts krt0wtn195
import { Depot } from 'buildkit-client/depot'

const [projectId = ''] = process.argv.slice(2)

await using depot = new Depot()
await depot.projects.delete(projectId)
console.log(`${projectId} is deleted`)
