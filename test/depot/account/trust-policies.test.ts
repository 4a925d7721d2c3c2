import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ServiceImpl } from '@connectrpc/connect'
import { Projects } from '../../../src/depot/account/projects.ts'
import type { TrustedJobs } from '../../../src/depot/account/trust-policies.ts'
import { ProjectService } from '../../../src/gen/depot/core_pb.js'
import { fakeService } from '../fake-service.ts'

async function account(handlers: Partial<ServiceImpl<typeof ProjectService>>) {
  const service = await fakeService((router) => router.service(ProjectService, handlers))
  return { ...service, trustPolicies: new Projects(service.api).trustPolicies }
}

const jobs: TrustedJobs[] = [
  { provider: 'github', repositoryOwner: 'me', repository: 'app' },
  { provider: 'circleci', organizationUuid: 'o', projectUuid: 'p' },
  { provider: 'buildkite', organizationSlug: 'o', pipelineSlug: 'p' },
]

describe('the trust policies of a project', () => {
  for (const policy of jobs) {
    it(`are added for jobs of ${policy.provider}, and come back as they were given`, async () => {
      await using service = await account({
        addTrustPolicy: ({ projectId, provider }) => ({
          trustPolicy: { trustPolicyId: `of-${projectId}`, provider },
        }),
      })
      assert.deepEqual(await service.trustPolicies.add('p1', policy), {
        trustPolicyId: 'of-p1',
        ...policy,
      })
    })
  }

  it('are listed, a kind that is newer among them, and removed', async () => {
    const removed: unknown[] = []
    await using service = await account({
      listTrustPolicies: () => ({
        trustPolicies: [
          {
            trustPolicyId: 'a',
            provider: { case: 'github', value: { repositoryOwner: 'me', repository: 'app' } },
          },
          { trustPolicyId: 'b' },
        ],
      }),
      removeTrustPolicy: ({ projectId, trustPolicyId }) => {
        removed.push([projectId, trustPolicyId])
        return {}
      },
    })
    assert.deepEqual(await service.trustPolicies.list('p1'), [
      { trustPolicyId: 'a', provider: 'github', repositoryOwner: 'me', repository: 'app' },
      { trustPolicyId: 'b', provider: 'unknown' },
    ])
    await service.trustPolicies.remove('p1', 'a')
    assert.deepEqual(removed, [['p1', 'a']])
  })

  it('are not asked for with something missing', async () => {
    await using service = await account({})
    const add = (policy: object) => service.trustPolicies.add('p1', policy as TrustedJobs)
    const wrong: [() => Promise<unknown>, string][] = [
      [() => add({ provider: 'gitlab' }), 'provider'],
      [() => add({}), 'provider'],
      [() => add({ provider: 'github', repository: 'app' }), 'repositoryOwner'],
      [() => add({ provider: 'github', repositoryOwner: 'me' }), 'repository'],
      [() => add({ provider: 'circleci', projectUuid: 'p' }), 'organizationUuid'],
      [() => add({ provider: 'circleci', organizationUuid: 'o' }), 'projectUuid'],
      [() => add({ provider: 'buildkite', pipelineSlug: 'p' }), 'organizationSlug'],
      [() => add({ provider: 'buildkite', organizationSlug: 'o' }), 'pipelineSlug'],
      [() => service.trustPolicies.list(''), 'projectId'],
      [() => service.trustPolicies.remove('p1', ''), 'trustPolicyId'],
    ]
    for (const [call, subject] of wrong) await assert.rejects(call(), { code: 'INVALID_OPTION', subject })
    assert.deepEqual(service.calls, [])
  })
})
