// What is left when there is no client at all: the calls of one build in the order that they need, made with nothing but
// Node's own HTTP/2 and TLS. No check, no retry, no deadline, no session; the solve is one step that is cached. It takes
// the same lines as `client.mjs`.
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { moby, pb } from '../../src/gen/buildkit.js'

const depot = connectHttp2(process.env.DEPOT_API_URL)
for await (const line of createInterface({ input: process.stdin })) {
  await Promise.all(JSON.parse(line).map(build))
  process.stdout.write('done\n')
}
depot.close()

async function build({ projectId, definition }) {
  const options = [{ command: 'COMMAND_BUILD' }]
  const { buildId, buildToken } = await ask('CreateBuild', process.env.DEPOT_TOKEN, { projectId, options })
  const machine = { buildId, platform: 'BUILDER_PLATFORM_AMD64' }
  const heartbeat = ask('ReportBuildHealth', buildToken, machine)
  const { endpoint, serverName, cert, caCert } = await connection(buildToken, machine)
  const { hostname: host, port } = new URL(endpoint)
  const secureContext = createSecureContext({ ca: caCert.cert, ...cert })
  const socket = connectTls({
    ...{ host, port: Number(port), servername: serverName, secureContext },
    ALPNProtocols: ['h2'],
  })
  await once(socket, 'secureConnect')
  const daemon = connectHttp2('https://machine', { createConnection: () => socket })
  await call(daemon, 'ListWorkers', new Uint8Array())
  await call(daemon, 'Solve', solveRequest(buildId, definition))
  await heartbeat
  await ask('FinishBuild', buildToken, { buildId, success: {} })
  daemon.close()
}

async function connection(token, machine) {
  for (;;) {
    const { active, pending } = await ask('GetBuildKitConnection', token, machine)
    if (active !== undefined) return active
    await sleep(pending.waitMs)
  }
}

async function ask(method, token, request) {
  const stream = depot.request({
    ':method': 'POST',
    ':path': `/depot.cli.v1.BuildService/${method}`,
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
  })
  stream.end(JSON.stringify(request))
  let reply = ''
  for await (const text of stream.setEncoding('utf8')) reply += text
  return JSON.parse(reply)
}

/** One message each way; the reply is not looked at. */
async function call(daemon, method, message) {
  const stream = daemon.request({
    ':method': 'POST',
    ':path': `/moby.buildkit.v1.Control/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const header = Buffer.alloc(5)
  header.writeUInt32BE(message.length, 1)
  stream.end(Buffer.concat([header, message]))
  const [trailers] = await Promise.all([once(stream, 'trailers'), stream.resume()])
  if (trailers[0]['grpc-status'] !== '0') throw new Error(`${method}: ${trailers[0]['grpc-message']}`)
}

function solveRequest(ref, definition) {
  const { SolveRequest } = moby.buildkit.v1
  const Definition = pb.Definition.decode(Buffer.from(definition, 'base64'))
  return SolveRequest.encode({ Ref: ref, Definition, Cache: {}, Internal: true }).finish()
}
