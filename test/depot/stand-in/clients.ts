import assert from 'node:assert/strict'
import { Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import { type ConnectTransportOptions, createConnectTransport } from '@connectrpc/connect-node'
import { BuildService, RegistryService } from '../../../src/gen/depot/build_pb.js'
import { BuildKitService } from '../../../src/gen/depot/buildkit_pb.js'
import { BuildService as CliBuildService } from '../../../src/gen/depot/cli_pb.js'
import { ProjectsService as CliProjectsService } from '../../../src/gen/depot/cli_projects_pb.js'
import { OrganizationService } from '../../../src/gen/depot/core_org_pb.js'
import { BuildService as PastBuildService, ProjectService } from '../../../src/gen/depot/core_pb.js'
import { UsageService } from '../../../src/gen/depot/core_usage_pb.js'

/** Connect's own clients of all services, so that the stand-in is not tested with what it is to test. */
export function clients(
  { apiUrl, ca }: { readonly apiUrl: string; readonly ca?: string | undefined },
  token: string | undefined,
  options: { httpVersion?: '1.1' | '2'; useBinaryFormat?: boolean; orgId?: string } = {},
) {
  const { httpVersion = '2', useBinaryFormat = true, orgId } = options
  const common = {
    baseUrl: apiUrl,
    useBinaryFormat,
    interceptors: [
      ...(token === undefined ? [] : [withHeader('authorization', `Bearer ${token}`)]),
      ...(orgId === undefined ? [] : [withHeader('x-depot-org', orgId)]),
    ],
  }
  const nodeOptions = { ca }
  const transport = createConnectTransport(
    (httpVersion === '2'
      ? { ...common, httpVersion, nodeOptions }
      : { ...common, httpVersion, nodeOptions }) as ConnectTransportOptions,
  ) as Transport
  return {
    organizations: createClient(OrganizationService, transport),
    usage: createClient(UsageService, transport),
    projects: createClient(ProjectService, transport),
    pastBuilds: createClient(PastBuildService, transport),
    builds: createClient(BuildService, transport),
    images: createClient(RegistryService, transport),
    machines: createClient(BuildKitService, transport),
    cli: createClient(CliBuildService, transport),
    cliProjects: createClient(CliProjectsService, transport),
  }
}

function withHeader(name: string, value: string): Interceptor {
  return (next) => (request) => {
    request.header.set(name, value)
    return next(request)
  }
}

/** The call fails with this code, and says so in these words. */
export async function refused(call: Promise<unknown>, code: Code, words: RegExp = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ConnectError, `${error}`)
    assert.equal(Code[error.code], Code[code], error.message)
    assert.match(error.rawMessage, words)
    return true
  })
}
