// A service that builds for many customers at once, each in a project of their own. A customer sends
//
//   POST /builds
//   Authorization: Bearer KEY
//   { "files": { "Dockerfile": "FROM ...", "index.html": "..." } }
//
// and gets a line of JSON for each message of the build as it happens, and a last line with `image` and `digest`,
// or with `error`. Who hangs up cancels the build. Run it with
//
//   TENANTS='{ "KEY": "krt0wtn195" }' npx tsx examples/depot/multi-tenant-service.ts
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isBuildkitError } from 'buildkit-client'
import { Depot } from 'buildkit-client/depot'

/** The project of each tenant, by the key that the tenant shows. */
const tenants = new Map<string, string>(Object.entries(JSON.parse(process.env.TENANTS ?? '{}')))
const maxBodyBytes = 1 << 20

const depot = new Depot()

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const projectId = tenants.get(key)
  if (request.method !== 'POST' || request.url !== '/builds') return reply(response, 404, 'POST /builds')
  if (projectId === undefined) return reply(response, 401, 'a key that we know')
  const files = await filesIn(request)
  if (files === undefined) return reply(response, 400, 'JSON with files, of at most 1 MiB')

  const hangUp = new AbortController()
  response.once('close', () => hangUp.abort())
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
  for await (const message of build(projectId, files, hangUp.signal)) {
    if (hangUp.signal.aborted) continue
    if (!response.write(`${JSON.stringify(message)}\n`))
      await once(response, 'drain', { signal: hangUp.signal }).catch(() => {})
  }
  response.end()
}

/** What BuildKit reports of one build, then what came of it, good or bad. */
async function* build(projectId: string, files: Record<string, string>, signal: AbortSignal) {
  try {
    const run = depot.build({
      projectId,
      platforms: ['linux/amd64'],
      localDirs: { context: files, dockerfile: files },
      save: true,
      signal,
    })
    for await (const event of run.events) if (event.type === 'status') yield event.status
    const { tags, digest } = await run
    yield { image: tags[0], digest }
  } catch (error) {
    // Errors of this package never hold a secret; what else may fail is none of the customer's business.
    if (!isBuildkitError(error)) console.error(error)
    yield { error: isBuildkitError(error) ? { code: error.code, message: error.message } : 'internal' }
  }
}

async function filesIn(request: IncomingMessage): Promise<Record<string, string> | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  try {
    const { files } = JSON.parse(Buffer.concat(chunks).toString())
    return Object.values(files).every((text) => typeof text === 'string') ? files : undefined
  } catch {
    return undefined
  }
}

function reply(response: ServerResponse, status: number, expected: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ error: `expected ${expected}` }))
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/builds`)

// Builds that still run end as cancelled, and Depot is told so.
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
server.close()
server.closeAllConnections()
await depot.close()
