import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type { Project as Wire } from '../../gen/depot/core_pb.js'
import { type CallOptions, callIdempotent, callOnce, checkedId, checkedText } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'
import { isId } from '../api/id.ts'
import { type PageOptions, pages } from '../api/paging.ts'
import { dateOf } from '../api/time.ts'
import { type CachePolicy, cachePolicyFromWire, cachePolicyToWire } from './cache-policy.ts'
import { type Hardware, hardwareFromWire, hardwareToWire } from './hardware.ts'
import { ProjectTokens } from './project-tokens.ts'
import { TrustPolicies } from './trust-policies.ts'

/** A cache, and the machines that share it. One for each customer keeps their caches apart. */
export interface Project {
  readonly projectId: string
  readonly organizationId: string
  readonly name: string
  /** Such as `us-east-1`. */
  readonly regionId: string
  readonly createdAt: Date | undefined
  readonly cachePolicy: CachePolicy | undefined
  readonly hardware: Hardware | 'unknown'
}

export interface NewProject {
  readonly name: string
  /** Where its machines and its cache are, such as `us-east-1` or `eu-central-1`. */
  readonly regionId: string
  /** Needed by a user's token that sees several organizations. */
  readonly organizationId?: string | undefined
  /** Depot's own by default. */
  readonly cachePolicy?: CachePolicy | undefined
  /** `16x32` by default. */
  readonly hardware?: Hardware | undefined
}

const newProjectNames: OptionNames<NewProject> = {
  name: true,
  regionId: true,
  organizationId: true,
  cachePolicy: true,
  hardware: true,
}

/** What is to be another; the rest stays as it is. */
export interface ProjectChanges {
  readonly name?: string | undefined
  readonly regionId?: string | undefined
  readonly cachePolicy?: CachePolicy | undefined
  readonly hardware?: Hardware | undefined
}

const projectChangeNames: OptionNames<ProjectChanges> = {
  name: true,
  regionId: true,
  cachePolicy: true,
  hardware: true,
}

/** Which projects to list, and how they are fetched. */
export interface ProjectListOptions extends PageOptions {
  /** Only those in this region. */
  readonly regionId?: string | undefined
}

/**
 * The projects of an organization. Every call needs a token of the organization, or of one of its users, and
 * throws UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, RESOURCE_EXHAUSTED, REFUSED, UNREACHABLE, API_FAILED,
 * TIMEOUT or CANCELLED, and INVALID_OPTION before it is sent.
 */
export class Projects {
  readonly #api: DepotApi
  /** Tokens that reach one project only. */
  readonly tokens: ProjectTokens
  /** Whose jobs may build in a project without a stored token. */
  readonly trustPolicies: TrustPolicies

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
    this.tokens = new ProjectTokens(api)
    this.trustPolicies = new TrustPolicies(api)
  }

  /** All projects that the token sees, of all pages. `timeoutMs` is for one page. */
  async list(options: ProjectListOptions = {}): Promise<Project[]> {
    const { regionId, ...pageOptions } = options
    const filter = regionId === undefined ? {} : { regionId: checkedRegion(regionId) }
    const listed: Project[] = []
    for await (const project of pages(
      (page) => async (call) => {
        const reply = await this.#api.projects.listProjects({ ...filter, ...page }, call)
        return { items: reply.projects.map(projectOf), nextPageToken: reply.nextPageToken }
      },
      pageOptions,
    ))
      listed.push(project)
    return listed
  }

  /** One project. NOT_FOUND where the token sees none of that id. */
  async get(projectId: string, options?: CallOptions): Promise<Project> {
    const request = { projectId: checkedId(projectId, 'projectId') }
    const { project } = await callIdempotent((call) => this.#api.projects.getProject(request, call), options)
    return received(project, 'GetProject')
  }

  /** Makes a project, which is a cache with the machines that share it. Sent once, whatever comes of it. */
  async create(project: NewProject, options?: CallOptions): Promise<Project> {
    checkKnownOptions(project, newProjectNames)
    const { organizationId } = project
    const request = {
      name: checkedText(project.name, 'name'),
      regionId: checkedRegion(project.regionId),
      ...(organizationId !== undefined && { organizationId: checkedId(organizationId, 'organizationId') }),
      ...settings(project),
    }
    const created = await callOnce((call) => this.#api.projects.createProject(request, call), options)
    return received(created.project, 'CreateProject')
  }

  /** Changes what is given; INVALID_OPTION where nothing is. */
  async update(projectId: string, changes: ProjectChanges, options?: CallOptions): Promise<Project> {
    checkKnownOptions(changes, projectChangeNames)
    const { name, regionId } = changes
    const changed = {
      ...(name !== undefined && { name: checkedText(name, 'name') }),
      ...(regionId !== undefined && { regionId: checkedRegion(regionId) }),
      ...settings(changes),
    }
    if (Object.keys(changed).length === 0)
      throw invalidOption('changes', { expected: 'something to change', received: changes })
    const request = { projectId: checkedId(projectId, 'projectId'), ...changed }
    const { project } = await callOnce((call) => this.#api.projects.updateProject(request, call), options)
    return received(project, 'UpdateProject')
  }

  /** Deletes a project with its cache and its tokens. */
  async delete(projectId: string, options?: CallOptions): Promise<void> {
    const request = { projectId: checkedId(projectId, 'projectId') }
    await callOnce((call) => this.#api.projects.deleteProject(request, call), options)
  }

  /** Ends all machines of a project, running builds included, and deletes its cache. */
  async reset(projectId: string, options?: CallOptions): Promise<void> {
    const request = { projectId: checkedId(projectId, 'projectId') }
    await callOnce((call) => this.#api.projects.resetProject(request, call), options)
  }
}

function checkedRegion(regionId: string): string {
  if (isId(regionId)) return regionId
  throw invalidOption('regionId', {
    expected: "the place of a project's machines and cache, such as us-east-1 or eu-central-1",
    received: regionId,
  })
}

function settings({ cachePolicy, hardware }: Pick<ProjectChanges, 'cachePolicy' | 'hardware'>) {
  return {
    ...(cachePolicy !== undefined && { cachePolicy: cachePolicyToWire(cachePolicy) }),
    ...(hardware !== undefined && { hardware: hardwareToWire(hardware) }),
  }
}

function received(project: Wire | undefined, method: string): Project {
  if (project === undefined) throw unusableReply(`depot.core.v1.ProjectService/${method}`, 'a project')
  return projectOf(project)
}

function projectOf({ projectId, organizationId, name, regionId, ...wire }: Wire): Project {
  return {
    projectId,
    organizationId,
    name,
    regionId,
    createdAt: dateOf(wire.createdAt),
    cachePolicy: wire.cachePolicy && cachePolicyFromWire(wire.cachePolicy),
    hardware: hardwareFromWire(wire.hardware),
  }
}
