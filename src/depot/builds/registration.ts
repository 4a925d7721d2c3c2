import { BuildkitError } from '../../base/errors.ts'
import { Command } from '../../gen/depot/cli_pb.js'
import type { DepotApi } from '../api/api.ts'
import { unusableReply } from '../api/api-error.ts'
import { isId } from '../api/id.ts'
import type { BuildPlan } from './build-plan.ts'

/** A build as Depot knows it. Holds secrets: it goes into no message and is shown nowhere. */
export interface Registration {
  readonly buildId: string
  /** For every further call of this build, and for no other. */
  readonly token: string
  /** May differ from the one asked for, and counts from here on. */
  readonly projectId: string
  /** Of the build's page, or empty. */
  readonly url: string
  /** The names under which Depot wants the image saved; undefined where it has not said. */
  readonly savedTags: readonly string[] | undefined
  readonly credentials: readonly RegistryCredential[]
}

/** For one registry. */
export interface RegistryCredential {
  readonly host: string
  readonly username: string
  readonly password: string
}

/** Registers a build. Throws what a call does: UNAUTHENTICATED, NOT_FOUND for the project, and so on. */
export async function register(
  { cli }: DepotApi,
  projectId: string,
  plan: BuildPlan,
  signal: AbortSignal,
): Promise<Registration> {
  const { save = false, push = false, load = false, tags = [], target, outputs = [] } = plan
  const buildOptions = {
    command: Command.BUILD,
    tags: [...tags],
    outputs: outputs.map(({ type, attrs = {} }) => ({ kind: type, attributes: { ...attrs } })),
    ...(target ? { targetName: target } : {}),
    push,
    load,
    save: save !== false,
    saveTags: typeof save === 'object' ? [...save.tags] : [],
  }
  const reply = await cli.createBuild({ projectId, options: [buildOptions] }, { signal })
  // A token that no header takes would stand in the error of every further call.
  if (!isId(reply.buildId) || !/^[\x21-\x7e]+$/.test(reply.buildToken)) throw unusableBuild()
  return {
    buildId: reply.buildId,
    token: reply.buildToken,
    projectId: reply.projectId || projectId,
    url: reply.buildUrl,
    savedTags: reply.additionalTags.map(({ tag }) => tag),
    credentials: reply.additionalCredentials.map(({ host, token }) => ({ host, ...userAndPassword(token) })),
  }
}

function unusableBuild(): BuildkitError {
  const subject = 'depot.cli.v1.BuildService/CreateBuild'
  return new BuildkitError('API_FAILED', `Depot has answered ${subject} with what cannot be used`, {
    subject,
    expected: 'the id and the token of a build',
    received: 'none, or something else',
  })
}

/** Takes over a build that somebody else has registered, with its own token. */
export async function adopt(
  { cli }: DepotApi,
  { buildId, token, projectId }: { buildId: string; token: string; projectId?: string | undefined },
  signal: AbortSignal,
): Promise<Registration> {
  const reply = await cli.getBuild({ buildId }, { signal })
  const known = reply.projectId || projectId
  if (known === undefined)
    throw unusableReply('depot.cli.v1.BuildService/GetBuild', 'the project of the build')
  return { buildId, token, projectId: known, url: reply.buildUrl, savedTags: undefined, credentials: [] }
}

/** A credential's base64 of `user:password`. */
function userAndPassword(token: string): { username: string; password: string } {
  const [username = '', ...rest] = Buffer.from(token, 'base64').toString().split(':')
  return { username, password: rest.join(':') }
}
