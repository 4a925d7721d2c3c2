import { Code, ConnectError } from '@connectrpc/connect'
import type { TrustPolicy } from '../../../src/gen/depot/core_pb.js'
import type { Project, State } from './state.ts'
import type { Holder, JobIdentity, TokenKind } from './tokens.ts'

/** A call as far as it has to be allowed. */
export interface Demand {
  readonly service: string
  readonly method: string
  /** As the request names them. */
  readonly buildId: string | undefined
  readonly projectId: string | undefined
  /** As the header `x-depot-org` names it. */
  readonly organizationId: string | undefined
}

/**
 * The caller, if it may make this call, and as the organization that it calls for, if it names one; throws a ConnectError
 * if not.
 */
export function admit(caller: Holder | undefined, demand: Demand, state: State): Holder {
  if (caller === undefined) throw new ConnectError('no valid token', Code.Unauthenticated)
  const holder = inOrganization(caller, demand.organizationId)
  const realm = realmOf(demand)
  if (!realm.includes(holder.kind))
    throw new ConnectError(`not a call for a token of kind ${holder.kind}`, Code.PermissionDenied)
  const { buildId = '', projectId = '' } = demand
  if (buildId !== '') admitToBuild(holder, buildId, state)
  if (projectId !== '') admitToProject(holder, projectId, state)
  return holder
}

/** The ids of the organizations that a caller sees. */
export function organizationsOf(holder: Holder | undefined): readonly string[] {
  switch (holder?.kind) {
    case 'user':
      return holder.organizationIds
    case 'organization':
      return [holder.organizationId]
    default:
      return []
  }
}

/** The projects that a caller sees. */
export function projectsOf(holder: Holder | undefined, state: State): Project[] {
  return [...state.projects.values()].filter((project) => holder !== undefined && sees(holder, project))
}

/** The project that a new build is in: the one asked for, or the only one that the token is for. */
export function projectToBuild(holder: Holder | undefined, asked: string): string {
  if (asked !== '') return asked
  if (holder?.kind === 'project') return holder.projectId
  throw new ConnectError('no project was given', Code.NotFound)
}

const account: readonly TokenKind[] = ['user', 'organization']
const caller: readonly TokenKind[] = [...account, 'project', 'job']
const callerOrBuild: readonly TokenKind[] = [...caller, 'build']
const build: readonly TokenKind[] = ['build']

/** Which kinds of token a call takes: the caller's to register a build, the build's for all that follows. */
function realmOf({ service, method }: Demand): readonly TokenKind[] {
  switch (service) {
    case 'depot.core.v1.OrganizationService':
    case 'depot.core.v1.ProjectService':
    case 'depot.core.v1.UsageService':
      return account
    case 'depot.core.v1.BuildService':
    case 'depot.build.v1.RegistryService':
    case 'depot.cli.v1beta1.ProjectsService':
      return caller
    case 'depot.buildkit.v1.BuildKitService':
      return build
  }
  switch (method) {
    case 'CreateBuild':
    case 'ListBuilds':
      return caller
    case 'FinishBuild':
      // The public Node SDK's users have both tokens at hand.
      return service === 'depot.build.v1.BuildService' ? callerOrBuild : build
    case 'GetBuild':
    case 'GetBuildSteps':
    case 'GetBuildStepLogs':
    case 'GetPullInfo':
    case 'GetPullToken':
      return callerOrBuild
    default:
      return build
  }
}

function inOrganization(holder: Holder, organizationId: string | undefined): Holder {
  const own = organizationsOf(holder)
  if (organizationId === undefined || own.length === 0) return holder
  if (own.includes(organizationId)) return { kind: 'organization', organizationId }
  throw new ConnectError('the token is for another organization', Code.PermissionDenied)
}

function admitToBuild(holder: Holder, buildId: string, state: State): void {
  if (holder.kind === 'build' && holder.buildId !== buildId)
    throw new ConnectError('the token is for another build', Code.PermissionDenied)
  const { projectId } = state.build(buildId)
  const project = state.projects.get(projectId)
  // A build outlives its project.
  if (project !== undefined && !sees(holder, project))
    throw new ConnectError(`build ${buildId} is not known`, Code.NotFound)
}

function admitToProject(holder: Holder, projectId: string, state: State): void {
  const project = state.project(projectId)
  if (sees(holder, project)) return
  if (holder.kind === 'organization' || holder.kind === 'user')
    throw new ConnectError(`project ${projectId} is not known`, Code.NotFound)
  throw new ConnectError('the token is for another project', Code.PermissionDenied)
}

function sees(holder: Holder, { message, trustPolicies }: Project): boolean {
  switch (holder.kind) {
    case 'user':
    case 'organization':
      return organizationsOf(holder).includes(message.organizationId)
    case 'project':
    case 'build':
      return message.projectId === holder.projectId
    case 'job':
      return trustPolicies.some((policy) => trusts(policy, holder.identity))
    case 'pull':
      return false
  }
}

function trusts({ provider }: TrustPolicy, { provider: name, ...words }: JobIdentity): boolean {
  const trusted: Readonly<Record<string, unknown>> = { ...provider.value }
  return provider.case === name && Object.entries(words).every(([key, word]) => trusted[key] === word)
}
