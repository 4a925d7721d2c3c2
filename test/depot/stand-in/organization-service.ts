import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import type { OrganizationService } from '../../../src/gen/depot/core_org_pb.js'
import { holderKey } from './calls.ts'
import type { Plane } from './plane.ts'
import { organizationsOf } from './realms.ts'

/** `depot.core.v1.OrganizationService` */
export function organizationService({ state }: Plane): ServiceImpl<typeof OrganizationService> {
  return {
    listOrganizations: (_, { values }) => ({
      organizations: organizationsOf(values.get(holderKey)).flatMap((orgId) => {
        const organization = state.organizations.get(orgId)
        if (organization === undefined) return []
        const { name, createdAt } = organization
        return [{ orgId, name, createdAt: timestampFromDate(createdAt) }]
      }),
    }),
  }
}
