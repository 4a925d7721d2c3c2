import { access } from 'node:fs/promises'
import http from 'node:http'
import { isIP } from 'node:net'
import { deadline } from '../../base/deadline.ts'
import type { MachineApi } from './machine-api.ts'

/** Where the agent of Depot's own GitHub runners is, which marks them (depot/cli `pkg/helpers/gha.go`). */
const agent =
  process.platform === 'win32' ? 'C:\\ProgramData\\Agentd\\agentd-service.exe' : '/usr/local/bin/agentd'
/** Where it listens, where it filters what leaves the runner (depot/cli `pkg/machine/agentd_client.go`). */
const agentPort = 912

/** It answers from this machine, or the filter is not on. */
const timeoutMs = 5_000

/** The agent of a runner; another one in tests. */
export interface RunnerAgent {
  readonly path: string
  readonly port: number
}

/**
 * Has one of Depot's own GitHub runners let us reach a machine, as soon as it is there: a filter may stand in the way. Does
 * nothing elsewhere. That the agent does not answer, or refuses, is no failure: then connecting says what is in the way.
 */
export function allowedOnRunner(
  api: MachineApi,
  { path, port }: RunnerAgent = { path: agent, port: agentPort },
): MachineApi {
  return {
    async *acquire(signal) {
      for await (const reply of api.acquire(signal)) {
        if (reply.kind === 'active' && (await exists(path))) await allow(reply.endpoint, port, signal)
        yield reply
      }
    },
    heartbeat: (signal) => api.heartbeat(signal),
    release: (signal) => api.release(signal),
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

async function allow(endpoint: string, port: number, signal: AbortSignal): Promise<void> {
  const address = addressIn(endpoint)
  if (address === undefined) return
  using limit = deadline(timeoutMs, signal)
  await post(port, JSON.stringify({ allowIPs: [address] }), limit.signal).catch(() => {})
}

/** The IP address in `tcp://host:port`; undefined for a name, which the agent does not take. */
function addressIn(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined
  const host = new URL(endpoint).hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) === 0 ? undefined : host
}

/** Through nothing else, such as a proxy: it is on this machine, and no other is called. */
async function post(port: number, body: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = http.request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/',
      headers,
      signal,
      agent: false,
    })
    request.on('error', reject)
    // Its answer says no more than that it is done.
    request.on('response', (response) => {
      response.on('error', reject)
      response.on('close', resolve)
      response.resume()
    })
    request.end(body)
  })
}
