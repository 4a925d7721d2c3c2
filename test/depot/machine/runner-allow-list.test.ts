import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { MachineApi, MachineReply } from '../../../src/depot/machine/machine-api.ts'
import { allowedOnRunner } from '../../../src/depot/machine/runner-allow-list.ts'
import { listening } from '../../support/listening.ts'
import { tempDir } from '../../support/temp.ts'

const secrets = { serverName: 'm', cert: 'c', key: 'k', ca: 'a' }

/** A machine that is pending, and then at this endpoint. */
function machineAt(endpoint: string): MachineApi {
  return {
    async *acquire() {
      yield { kind: 'pending', waitMs: 1 }
      yield { kind: 'active', endpoint, ...secrets }
    },
    heartbeat: async () => undefined,
    release: async () => {},
  }
}

/** A runner with an agent that answers so, and what it was asked for. */
async function startRunner(answer: (response: ServerResponse) => void) {
  const dir = await tempDir()
  const path = join(dir.path, 'agentd')
  await writeFile(path, '')
  const requests: unknown[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { method, url, headers } = request
    requests.push([method, url, headers['content-type'], JSON.parse(body)])
    answer(response)
  })
  const at = await listening(server)
  return {
    agent: { path, port: at.port },
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await at[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

async function replies(
  api: MachineApi,
  signal = new AbortController().signal,
): Promise<MachineReply['kind'][]> {
  const kinds: MachineReply['kind'][] = []
  for await (const { kind } of api.acquire(signal)) kinds.push(kind)
  return kinds
}

const success = (response: ServerResponse) => response.end('{"success":true}')

describe('on a GitHub runner of Depot’s', () => {
  it('the agent is asked to let us reach a machine, once, before the machine is told', async () => {
    await using runner = await startRunner(success)
    for (const [endpoint, address] of [
      ['tcp://192.0.2.7:443', '192.0.2.7'],
      ['tcp://[2001:db8::7]:443', '2001:db8::7'],
    ] as const) {
      const api = allowedOnRunner(machineAt(endpoint), runner.agent)
      let asked = 0
      for await (const { kind } of api.acquire(new AbortController().signal))
        if (kind === 'active') asked = runner.requests.length
      assert.equal(asked, 1)
      assert.deepEqual(runner.requests.splice(0), [
        ['POST', '/', 'application/json', { allowIPs: [address] }],
      ])
    }
  })

  it('a machine comes all the same where the agent refuses, hangs up or is not there', async () => {
    for (const answer of [
      (response: ServerResponse) => response.end('{"success":false,"error":"no"}'),
      (response: ServerResponse) => response.writeHead(500).end(),
      (response: ServerResponse) => response.destroy(),
    ]) {
      await using runner = await startRunner(answer)
      const api = allowedOnRunner(machineAt('tcp://192.0.2.7:443'), runner.agent)
      assert.deepEqual(await replies(api), ['pending', 'active'])
      assert.equal(runner.requests.length, 1)
    }
    await using runner = await startRunner(success)
    const nowhere = { ...runner.agent, port: 1 }
    assert.deepEqual(await replies(allowedOnRunner(machineAt('tcp://192.0.2.7:443'), nowhere)), [
      'pending',
      'active',
    ])
  })

  it('an agent that never answers is waited for no longer than the caller waits', async () => {
    const controller = new AbortController()
    await using runner = await startRunner(() => controller.abort())
    const api = allowedOnRunner(machineAt('tcp://192.0.2.7:443'), runner.agent)
    assert.deepEqual(await replies(api, controller.signal), ['pending', 'active'])
  })

  it('nothing is asked for a name, which the agent does not take', async () => {
    await using runner = await startRunner(success)
    const api = allowedOnRunner(machineAt('tcp://machine.example:443'), runner.agent)
    assert.deepEqual(await replies(api), ['pending', 'active'])
    assert.deepEqual(runner.requests, [])
  })
})

describe('elsewhere', () => {
  it('nothing is asked', async () => {
    await using runner = await startRunner(success)
    const elsewhere = { ...runner.agent, path: '/no/such/agentd' }
    assert.deepEqual(await replies(allowedOnRunner(machineAt('tcp://192.0.2.7:443'), elsewhere)), [
      'pending',
      'active',
    ])
    assert.deepEqual(runner.requests, [])
  })
})
