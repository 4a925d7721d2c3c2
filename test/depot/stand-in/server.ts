import { createContextValues } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { BuildService, RegistryService } from '../../../src/gen/depot/build_pb.js'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService as CliBuildService } from '../../../src/gen/depot/cli_pb.js'
import { ProjectsService as CliProjectsService } from '../../../src/gen/depot/cli_projects_pb.js'
import { OrganizationService } from '../../../src/gen/depot/core_org_pb.js'
import { BuildService as PastBuildService, ProjectService } from '../../../src/gen/depot/core_pb.js'
import { UsageService } from '../../../src/gen/depot/core_usage_pb.js'
import { buildService } from './build-service.ts'
import { buildkitService } from './buildkit-service.ts'
import { calls, exchangeKey } from './calls.ts'
import { cliBuildService } from './cli-build-service.ts'
import { cliProjectsService } from './cli-projects-service.ts'
import { imageService } from './image-service.ts'
import type { Journal } from './journal.ts'
import type { Answer, IncomingRequest, OutgoingResponse } from './listener.ts'
import { organizationService } from './organization-service.ts'
import { pastBuildService } from './past-build-service.ts'
import type { Plane } from './plane.ts'
import { projectService } from './project-service.ts'
import { usageService } from './usage-service.ts'

/** Answers every request: all services of the control plane, over Connect. */
export function answerWith(plane: Plane, journal: Journal): Answer {
  const responses = new WeakMap<IncomingRequest, OutgoingResponse>()
  const adapter = connectNodeAdapter({
    interceptors: [calls({ state: plane.state, faults: plane.faults, journal })],
    routes: (router) =>
      router
        .service(OrganizationService, organizationService(plane))
        .service(UsageService, usageService(plane))
        .service(ProjectService, projectService(plane))
        .service(PastBuildService, pastBuildService(plane))
        .service(BuildService, buildService(plane))
        .service(RegistryService, imageService(plane))
        .service(BuildKitService, buildkitService(plane))
        .service(CliBuildService, cliBuildService(plane))
        .service(CliProjectsService, cliProjectsService(plane)),
    contextValues(request) {
      const response = responses.get(request)
      return createContextValues().set(exchangeKey, response && { request, response })
    },
    fallback: unknownMethod,
  })
  return (request, response) => {
    responses.set(request, response)
    adapter(request, response)
  }
}

function unknownMethod(request: IncomingRequest, response: OutgoingResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'unimplemented', message: `${request.url} is not served` }))
}
