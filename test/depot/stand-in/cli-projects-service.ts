import type { ServiceImpl } from '@connectrpc/connect'
import type { ProjectsService } from '../../../src/gen/depot/cli_projects_pb.js'
import { holderKey } from './calls.ts'
import type { Plane } from './plane.ts'
import { projectsOf } from './realms.ts'
import type { State } from './state.ts'

/** `depot.cli.v1beta1.ProjectsService` */
export function cliProjectsService({ state, leases }: Plane): ServiceImpl<typeof ProjectsService> {
  return {
    listProjects: (_, { values }) => ({
      projects: projectsOf(values.get(holderKey), state).map(({ message }) => ({
        id: message.projectId,
        name: message.name,
        orgId: message.organizationId,
        orgName: organizationName(state, message.organizationId),
      })),
    }),
    async resetProjectCache({ projectId }) {
      const { message } = state.project(projectId)
      await leases.reset(projectId)
      return { name: message.name, orgName: organizationName(state, message.organizationId) }
    },
  }
}

function organizationName(state: State, id: string): string {
  return state.organizations.get(id)?.name ?? ''
}
