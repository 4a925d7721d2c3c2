import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Organizations } from '../../../src/depot/account/organizations.ts'
import { OrganizationService } from '../../../src/gen/depot/core_org_pb.js'
import { fakeService } from '../fake-service.ts'

describe('organizations', () => {
  it('are plain objects, with their id under the name that projects have for it', async () => {
    const createdAt = new Date('2026-02-03T04:05:06.789Z')
    await using service = await fakeService((router) =>
      router.service(OrganizationService, {
        listOrganizations: () => ({
          organizations: [
            { orgId: 'o1', name: 'Mine', createdAt: timestampFromDate(createdAt) },
            { orgId: 'o2' },
          ],
        }),
      }),
    )
    assert.deepEqual(await new Organizations(service.api).list(), [
      { organizationId: 'o1', name: 'Mine', createdAt },
      { organizationId: 'o2', name: '', createdAt: undefined },
    ])
  })
})
