import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildService, RegistryService } from '../../src/gen/depot/build_pb.js'
import { BuildKitService } from '../../src/gen/depot/buildkit_pb.js'
import { OrganizationService } from '../../src/gen/depot/core_org_pb.js'
import { BuildService as PastBuildService, ProjectService } from '../../src/gen/depot/core_pb.js'
import { UsageService } from '../../src/gen/depot/core_usage_pb.js'
import { describeSdk, describeServices } from '../depot/descriptors.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'

const ours = [
  ...[BuildService, RegistryService, BuildKitService],
  ...[PastBuildService, ProjectService, OrganizationService, UsageService],
]

/** What ours have beyond the package that is pinned in tools/depot, and why. */
const newer = [
  // depot/sdk-node v2.0.0, which is tagged, and was not on npm when 1.4.0 was pinned.
  'depot.core.v1.ListProjectsRequest.1 region_id: optional STRING',
  'depot.core.v1.ListProjectsRequest.2 page_size: optional INT32',
  'depot.core.v1.ListProjectsRequest.3 page_token: optional STRING',
  'depot.core.v1.ListProjectsResponse.2 next_page_token: optional STRING',
]

describe("the schemas of Depot's API in proto/depot", { skip: skipWithout('depotSdk') }, () => {
  it("are those of Depot's own package, method by method and field by field", async () => {
    const [mine, theirs] = [describeServices(ours), await describeSdk(part('depotSdk'))]
    assert.ok(theirs.size > 150, `only ${theirs.size} lines were read`)
    assert.deepEqual({ missing: without(theirs, mine) }, { missing: [] })
    assert.deepEqual({ added: without(mine, theirs) }, { added: newer })
  })
})

function without(these: ReadonlySet<string>, those: ReadonlySet<string>): string[] {
  return [...these].filter((line) => !those.has(line))
}
