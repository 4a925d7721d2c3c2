import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { BuilderPlatform, BuildService as CliBuildService } from '../../../src/gen/depot/cli_pb.js'
import { FakeMachines } from './fake-machines.ts'
import { startStandIn } from './stand-in.ts'

for (const httpVersion of ['1.1', '2'] as const)
  test(`a build over HTTP/${httpVersion}: created, given a machine, kept alive, finished`, async () => {
    const machines = new FakeMachines()
    await using standIn = await startStandIn({ machines: async () => machines, settings: { waitMs: 5 } })
    const { projectId } = standIn.createProject()
    const as = (token: string) =>
      createClient(
        CliBuildService,
        createConnectTransport({
          baseUrl: standIn.apiUrl,
          httpVersion,
          interceptors: [
            (next) => (request) => {
              request.header.set('authorization', `Bearer ${token}`)
              return next(request)
            },
          ],
        }),
      )
    const { buildId, buildToken } = await as(standIn.organizationToken).createBuild({ projectId })
    const client = as(buildToken)
    const platform = BuilderPlatform.ARM64
    await client.reportBuildHealth({ buildId, platform })
    const first = await client.getBuildKitConnection({ buildId, platform })
    assert.equal(first.connection.case, 'pending')
    await client.finishBuild({ buildId, result: { case: 'success', value: {} } })
    assert.deepEqual(
      standIn.journal.of(buildId).map(({ method, token, outcome }) => [method, token, outcome]),
      [
        ['CreateBuild', 'organization', 'ok'],
        ['ReportBuildHealth', 'build', 'ok'],
        ['GetBuildKitConnection', 'build', 'ok'],
        ['FinishBuild', 'build', 'ok'],
      ],
    )
  })
