import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import * as tar from 'tar-stream'
import { type Listening, listening } from '../support/listening.ts'

/** As much of a Docker Engine as loading an image takes. */
export interface EngineStandIn extends Listening {
  /** The names that were loaded. */
  readonly loaded: readonly string[]
}

/** Starts one on a port. What it is given must be an archive as Docker has them, with names. */
export async function startEngineStandIn(): Promise<EngineStandIn> {
  const loaded: string[] = []
  const server = createServer(async (request, response) => {
    if (request.url === '/_ping') return void response.writeHead(200, { 'api-version': '1.44' }).end()
    if (request.method === 'GET') return void response.end(JSON.stringify({ Id: `sha256:${'0'.repeat(64)}` }))
    for (const name of await namesIn(request)) {
      loaded.push(name)
      response.write(`${JSON.stringify({ stream: `Loaded image: ${name}\n` })}\n`)
    }
    response.end()
  })
  return Object.assign(await listening(server), { loaded })
}

async function namesIn(archive: NodeJS.ReadableStream): Promise<string[]> {
  let names: string[] = []
  for await (const entry of archive.pipe(tar.extract())) {
    const content = await text(entry)
    if (entry.header.name === 'manifest.json')
      names = JSON.parse(content).flatMap(({ RepoTags }: { RepoTags: string[] }) => RepoTags)
  }
  return names
}
