import type { ListOrganizationsResponse_Organization as Wire } from '../../gen/depot/core_org_pb.js'
import { type CallOptions, callIdempotent } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { dateOf } from '../api/time.ts'

/** What owns projects, and pays for them. */
export interface Organization {
  /** For the option `orgId` of `Depot`, and the `organizationId` of a project. */
  readonly organizationId: string
  readonly name: string
  readonly createdAt: Date | undefined
}

/** The organizations that the token sees. Throws what {@link Projects} throws. */
export class Organizations {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** All of them: several for the token of a user, one for that of an organization. */
  async list(options?: CallOptions): Promise<Organization[]> {
    const { organizations } = await callIdempotent(
      (call) => this.#api.organizations.listOrganizations({}, call),
      options,
    )
    return organizations.map(organizationOf)
  }
}

function organizationOf({ orgId, name, createdAt }: Wire): Organization {
  return { organizationId: orgId, name, createdAt: dateOf(createdAt) }
}
