import { create } from '@bufbuild/protobuf'
import { timestampNow } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  type CachePolicy,
  CachePolicySchema,
  ProjectSchema,
  type ProjectService,
  ListTokensResponse_TokenSchema as TokenSchema,
  TrustPolicySchema,
} from '../../../src/gen/depot/core_pb.js'
import { holderKey } from './calls.ts'
import { pageOf } from './paging.ts'
import type { Plane } from './plane.ts'
import { organizationsOf, projectsOf } from './realms.ts'
import { newId, type Project, type State } from './state.ts'

/** `depot.core.v1.ProjectService` */
export function projectService({ state, leases }: Plane): ServiceImpl<typeof ProjectService> {
  return {
    listProjects({ regionId, ...request }, { values }) {
      const all = projectsOf(values.get(holderKey), state).map(({ message }) => message)
      const wanted = regionId ? all.filter((project) => project.regionId === regionId) : all
      const { items, nextPageToken } = pageOf(wanted, ({ projectId }) => projectId, request)
      return { projects: items, nextPageToken }
    },
    getProject: ({ projectId }) => ({ project: state.project(projectId).message }),
    createProject({ name, regionId, organizationId, cachePolicy, hardware }, { values }) {
      const own = organizationsOf(values.get(holderKey))
      if (organizationId && !own.includes(organizationId))
        throw new ConnectError('the token is for another organization', Code.PermissionDenied)
      const owner = organizationId || (own.length === 1 ? own[0]! : '')
      if (owner === '')
        throw new ConnectError('organization_id is needed: the token sees several', Code.InvalidArgument)
      if (name === '') throw new ConnectError('a project needs a name', Code.InvalidArgument)
      if (regionId === '') throw new ConnectError('a project needs a region', Code.InvalidArgument)
      return {
        project: addProject(state, { organizationId: owner, name, regionId, cachePolicy, hardware }).message,
      }
    },
    updateProject({ projectId, name, regionId, cachePolicy, hardware }) {
      const { message } = state.project(projectId)
      if (name !== undefined) message.name = name
      if (regionId !== undefined) message.regionId = regionId
      if (cachePolicy !== undefined) message.cachePolicy = mirrored(cachePolicy)
      if (hardware !== undefined) message.hardware = hardware
      return { project: message }
    },
    async deleteProject({ projectId }) {
      const { tokens } = state.project(projectId)
      for (const { secret } of tokens) state.tokens.revoke(secret)
      state.projects.delete(projectId)
      await leases.reset(projectId)
      return {}
    },
    async resetProject({ projectId }) {
      await leases.reset(projectId)
      return {}
    },
    listTrustPolicies: ({ projectId }) => ({ trustPolicies: state.project(projectId).trustPolicies }),
    addTrustPolicy({ projectId, provider }) {
      if (provider.case === undefined)
        throw new ConnectError('a trust policy needs a provider', Code.InvalidArgument)
      const trustPolicy = create(TrustPolicySchema, { trustPolicyId: newId(), provider })
      state.project(projectId).trustPolicies.push(trustPolicy)
      return { trustPolicy }
    },
    removeTrustPolicy({ projectId, trustPolicyId }) {
      const { trustPolicies } = state.project(projectId)
      removeWhere(trustPolicies, (policy) => policy.trustPolicyId === trustPolicyId, 'trust policy')
      return {}
    },
    listTokens: ({ projectId }) => ({ tokens: state.project(projectId).tokens.map(({ token }) => token) }),
    createToken({ projectId, description }) {
      const { token, secret } = addProjectToken(state, projectId, description)
      return { tokenId: token.tokenId, secret }
    },
    updateToken({ tokenId, description }, { values }) {
      const project = projectOfToken(projectsOf(values.get(holderKey), state), tokenId)
      for (const { token } of project.tokens) if (token.tokenId === tokenId) token.description = description
      return {}
    },
    deleteToken({ tokenId }, { values }) {
      const { tokens } = projectOfToken(projectsOf(values.get(holderKey), state), tokenId)
      const { secret } = removeWhere(tokens, ({ token }) => token.tokenId === tokenId, 'token')
      state.tokens.revoke(secret)
      return {}
    },
  }
}

interface NewProject {
  readonly organizationId: string
  readonly name: string
  readonly regionId: string
  readonly cachePolicy?: CachePolicy | undefined
  readonly hardware?: Project['message']['hardware'] | undefined
}

/** Adds one, with Depot's cache policy where none is asked for. */
export function addProject(
  state: State,
  { organizationId, name, regionId, cachePolicy, hardware = 0 }: NewProject,
): Project {
  const message = create(ProjectSchema, {
    projectId: newId(),
    organizationId,
    name,
    regionId,
    createdAt: timestampNow(),
    cachePolicy: mirrored(cachePolicy ?? create(CachePolicySchema, { keepGb: 50, keepDays: 14 })),
    hardware,
  })
  const project = { message, trustPolicies: [], tokens: [] }
  state.projects.set(message.projectId, project)
  return project
}

/** Gives a project a token of its own. */
export function addProjectToken(
  state: State,
  projectId: string,
  description: string,
): Project['tokens'][number] {
  const token = create(TokenSchema, { tokenId: newId(), description })
  const added = { token, secret: state.tokens.issue({ kind: 'project', projectId }) }
  state.project(projectId).tokens.push(added)
  return added
}

const bytesPerGb = 1n << 30n

/** Each of the two sizes says the same: the CLI knows `keep_bytes` only, newer clients send `keep_gb`. */
function mirrored({ keepBytes, keepGb, keepDays }: CachePolicy): CachePolicy {
  if (keepGb > 0)
    return create(CachePolicySchema, { keepDays, keepGb, keepBytes: BigInt(keepGb) * bytesPerGb })
  const bytes = keepBytes ?? 0n
  return create(CachePolicySchema, { keepDays, keepGb: Number(bytes / bytesPerGb), keepBytes: bytes })
}

function projectOfToken(projects: readonly Project[], tokenId: string): Project {
  const project = projects.find(({ tokens }) => tokens.some(({ token }) => token.tokenId === tokenId))
  if (project === undefined) throw new ConnectError(`token ${tokenId} is not known`, Code.NotFound)
  return project
}

function removeWhere<T>(list: T[], matches: (item: T) => boolean, kind: string): T {
  const [removed] = list.splice(list.findIndex(matches) >>> 0, 1)
  if (removed === undefined) throw new ConnectError(`the ${kind} is not known`, Code.NotFound)
  return removed
}
