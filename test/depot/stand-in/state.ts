import { randomInt } from 'node:crypto'
import { Code, ConnectError } from '@connectrpc/connect'
import type { BuildOptions } from '../../../src/gen/depot/cli_pb.js'
import type {
  Project as ProjectMessage,
  ListTokensResponse_Token as Token,
  TrustPolicy,
} from '../../../src/gen/depot/core_pb.js'
import { Build } from './build.ts'
import { Tokens } from './tokens.ts'

/** What owns projects. */
export interface Organization {
  readonly name: string
  readonly createdAt: Date
}

/** What an organization builds with one cache. */
export interface Project {
  /** As it is shown to callers. */
  readonly message: ProjectMessage
  readonly trustPolicies: TrustPolicy[]
  readonly tokens: { readonly token: Token; readonly secret: string }[]
}

/** Everything that the control plane knows. */
export class State {
  /** By their ids. */
  readonly organizations = new Map<string, Organization>()
  readonly projects = new Map<string, Project>()
  readonly builds = new Map<string, Build>()
  readonly tokens = new Tokens()

  project(id: string): Project {
    const project = this.projects.get(id)
    if (project === undefined) throw new ConnectError(`project ${id} is not known`, Code.NotFound)
    return project
  }

  build(id: string): Build {
    const build = this.builds.get(id)
    if (build === undefined) throw new ConnectError(`build ${id} is not known`, Code.NotFound)
    return build
  }

  /** Latest first. */
  buildsOf(projectId: string): Build[] {
    return [...this.builds.values()].filter((build) => build.projectId === projectId).reverse()
  }

  addBuild(projectId: string, options: readonly BuildOptions[] = []): Build {
    const id = newId()
    const token = this.tokens.issue({ kind: 'build', buildId: id, projectId })
    const build = new Build(id, projectId, token, options)
    this.builds.set(id, build)
    return build
  }
}

/** Ten letters and digits, as Depot's are. */
export function newId(): string {
  return Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('')
}

const alphabet = 'bcdfghjklmnpqrstvwxz0123456789'
