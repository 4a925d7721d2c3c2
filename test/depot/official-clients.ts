import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { part } from '../support/parts.ts'
import { tempDir } from '../support/temp.ts'

/** What a client is told: where the API is, and the token, project or build of its environment. */
export interface ClientEnvironment {
  readonly apiUrl: string
  readonly token: string
  readonly projectId?: string
  /** A build that somebody else has created; the token is that build's then. */
  readonly buildId?: string
}

/** How a client's process ended. */
export interface ClientRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs Depot's own command line, in a folder and without anything of this user's: with an empty home, or the one given.
 * Needs the part `depotCli`.
 */
export async function depotCli(
  args: readonly string[],
  folder: string,
  environment: ClientEnvironment,
  home?: string,
): Promise<ClientRun> {
  await using empty = await tempDir()
  return run(part('depotCli'), args, folder, depotCliVariables(environment, home ?? empty.path))
}

/** What its process is told; `home` is an empty folder of its own. */
export function depotCliVariables(environment: ClientEnvironment, home: string): NodeJS.ProcessEnv {
  return {
    ...depotVariables(environment),
    DEPOT_ERROR_TELEMETRY: '0',
    DEPOT_NO_UPDATE_NOTIFIER: '1',
    HOME: home,
    XDG_CONFIG_HOME: home,
    DOCKER_CONFIG: home,
    // Every build removes containers of a certain name from the Engine that it finds.
    DOCKER_HOST: `unix://${home}/no-engine.sock`,
  }
}

/**
 * Runs a module text with Depot's own package for Node: `depot` is its export, `headers` what each call wants.
 * Needs the part `depotSdk`.
 */
export function depotSdk(program: string, environment: ClientEnvironment): Promise<ClientRun> {
  const sdk = pathToFileURL(join(part('depotSdk'), 'dist/index.mjs'))
  const whole = `import { depot } from '${sdk}'
const headers = { Authorization: 'Bearer ' + process.env.DEPOT_TOKEN }
${program}`
  return run(process.execPath, ['--input-type=module', '--eval', whole], '/', depotVariables(environment))
}

function depotVariables({ apiUrl, token, projectId, buildId }: ClientEnvironment): NodeJS.ProcessEnv {
  return { DEPOT_API_URL: apiUrl, DEPOT_TOKEN: token, DEPOT_PROJECT_ID: projectId, DEPOT_BUILD_ID: buildId }
}

const deadlineMs = 120_000

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<ClientRun> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    timeout: deadlineMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ])
  if (exitCode === null) throw new Error(`${command} was ended by ${signal}:\n${stderr}`)
  return { exitCode, stdout, stderr }
}
