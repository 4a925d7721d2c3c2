import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dockerFolder } from '../base/docker-folder.ts'
import type { Environment } from '../base/environment.ts'
import { BuildkitError, messageOf, systemCode } from '../base/errors.ts'
import { type GoObject, objectOf, parseGoJson } from '../base/go-json.ts'
import { printableAddress } from '../transport/address.ts'
import { dockerTls, type EngineTarget, engineTarget, presentFiles } from './docker-host.ts'

/** The Engine that somebody has chosen for Docker's tools. */
export interface ChosenEngine {
  /** For messages: what names it. */
  readonly description: string
  /**
   * Throws INVALID_OPTION for a host that cannot be used and for a context that is not there or cannot be read, UNSUPPORTED
   * for one that wants TLS without checking the certificate.
   */
  readonly target: () => Promise<EngineTarget>
}

/**
 * The Engine that Docker's tools are set to, in their order (docker/cli `cli/command`): `DOCKER_HOST`, the context named by
 * `DOCKER_CONTEXT`, `currentContext` of `config.json`. Undefined where none is chosen: then it is on a usual socket.
 * A `config.json` that cannot be read chooses none.
 */
export async function chosenEngine(env: Environment): Promise<ChosenEngine | undefined> {
  const { DOCKER_HOST, DOCKER_CONTEXT } = env
  if (DOCKER_HOST)
    return {
      description: `DOCKER_HOST=${printableAddress(DOCKER_HOST)}`,
      target: async () => engineTarget(DOCKER_HOST, await dockerTls(env), 'DOCKER_HOST'),
    }
  const [name, by] = DOCKER_CONTEXT
    ? [DOCKER_CONTEXT, 'DOCKER_CONTEXT']
    : [await currentContext(env), 'currentContext']
  if (name === '' || name === 'default') return undefined
  return {
    description: `Docker context ${JSON.stringify(name)} (${by})`,
    target: () => contextTarget(name, by, env),
  }
}

async function currentContext(env: Environment): Promise<string> {
  const folder = dockerFolder(env)
  if (folder === undefined) return ''
  try {
    return (await readObject(join(folder, 'config.json'))).text('currentContext')
  } catch {
    return ''
  }
}

/** Where the store keeps a context: `meta` and `tls`, each with a folder by the name's digest (docker/cli `cli/context/store`). */
async function contextTarget(name: string, by: string, env: Environment): Promise<EngineTarget> {
  const store = join(dockerFolder(env) ?? '.docker', 'contexts')
  const id = createHash('sha256').update(name).digest('hex')
  const { host, skipsVerification } = await endpoint(join(store, 'meta', id, 'meta.json'), name, by)
  const option = `Docker context ${name}`
  if (skipsVerification) throw unverified(option, name)
  const tls = await presentFiles(join(store, 'tls', id, 'docker'))
  return engineTarget(host, Object.keys(tls).length === 0 ? undefined : tls, option)
}

interface Endpoint {
  readonly host: string
  readonly skipsVerification: boolean
}

async function endpoint(file: string, name: string, by: string): Promise<Endpoint> {
  try {
    const docker = objectOf((await readObject(file)).map('Endpoints').get('docker'))
    return { host: docker.text('Host'), skipsVerification: docker.flag('SkipTLSVerify') }
  } catch (cause) {
    const isMissing = systemCode(cause) === 'ENOENT'
    throw new BuildkitError('INVALID_OPTION', `Docker context ${JSON.stringify(name)} cannot be used`, {
      subject: by,
      expected: isMissing ? 'a context that is there' : `an endpoint for Docker in ${file}`,
      received: isMissing ? `none at ${file}` : messageOf(cause),
      advice: 'See docker context ls',
      cause,
    })
  }
}

async function readObject(file: string): Promise<GoObject> {
  return objectOf(parseGoJson(await readFile(file, 'utf8'))?.value)
}

function unverified(subject: string, name: string): BuildkitError {
  return new BuildkitError('UNSUPPORTED', `${subject} wants TLS without a check of the certificate`, {
    subject,
    advice: `Give it the certificate of the Engine’s authority: docker context update ${name} --docker host=…,ca=ca.pem`,
  })
}
