import { BuildkitError, invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type { Image as Wire } from '../../gen/depot/build_pb.js'
import { Command, type BuildOptions as WireOptions } from '../../gen/depot/cli_pb.js'
import { type CallOptions, callIdempotent, callOnce, checkedId, checkedText } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { type PageOptions, pages } from '../api/paging.ts'
import { withSecrets } from '../api/secret.ts'
import { dateOf } from '../api/time.ts'

/** An image that a build has saved at Depot. */
export interface SavedImage {
  readonly tag: string
  /** Of its manifest or index, such as `sha256:…`. */
  readonly digest: string
  readonly pushedAt: Date | undefined
  readonly sizeBytes: number
}

/** How to pull what one build has saved. */
export interface PullInfo {
  /** Image name with registry and tag; of a bake, `-TARGET` is appended. */
  readonly reference: string
  readonly username: string
  /** Not in JSON, and not in what `console.log` prints. */
  readonly password: string
  /** Where to log in; undefined where that is the registry in `reference`. */
  readonly registryHost: string | undefined
  /** What the build was to do: one for a build, one for each target of a bake; none where Depot does not say. */
  readonly targets: readonly SavedTarget[]
}

/** What one target of a build was to do. */
export interface SavedTarget {
  /** The target of a bake, or the stage of a Dockerfile; undefined for the default one. */
  readonly targetName: string | undefined
  /** True for one of a bake: `-TARGET` is appended to the reference. */
  readonly bake: boolean
  /** The names that the user gave the image. */
  readonly tags: readonly string[]
  readonly push: boolean
  readonly load: boolean
  readonly save: boolean
  /** The names that it was saved under, beside the id of the build. */
  readonly saveTags: readonly string[]
}

/** A password that can pull, and nothing else, for a while. Its user name is `x-token`. */
export interface PullToken {
  readonly username: 'x-token'
  /** Not in JSON, and not in what `console.log` prints. */
  readonly password: string
  /** Undefined where the service leaves it at `registry.depot.dev`. */
  readonly registryHost: string | undefined
}

/** What a pull token is for: a project, a build, or a build that is checked to be of that project. */
export interface PullTokenScope {
  readonly projectId?: string | undefined
  readonly buildId?: string | undefined
}

const pullTokenScopeNames: OptionNames<PullTokenScope> = { projectId: true, buildId: true }

/** The images that builds have saved. Throws what {@link Projects} throws. */
export class Images {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** The saved images of a project, page by page as they are read. */
  async *list(projectId: string, options?: PageOptions): AsyncGenerator<SavedImage, void, undefined> {
    const project = { projectId: checkedId(projectId, 'projectId') }
    yield* pages(
      (page) => async (call) => {
        const { images, nextPageToken } = await this.#api.images.listImages({ ...project, ...page }, call)
        return { items: images.map(imageOf), nextPageToken }
      },
      options,
    )
  }

  /** Deletes saved images by their tags, as {@link list} gives them. */
  async delete(projectId: string, tags: string | readonly string[], options?: CallOptions): Promise<void> {
    const imageTags = [tags].flat().map((tag) => checkedText(tag, 'tags'))
    if (imageTags.length === 0) throw invalidOption('tags', { expected: 'one tag or more', received: tags })
    const request = { projectId: checkedId(projectId, 'projectId'), imageTags }
    await callOnce((call) => this.#api.images.deleteImage(request, call), options)
  }

  /** How to pull what a build has saved, with whatever pulls images. */
  async pullInfo(buildId: string, options?: CallOptions): Promise<PullInfo> {
    const request = { buildId: checkedId(buildId, 'buildId') }
    const info = await callIdempotent((call) => this.#api.cli.getPullInfo(request, call), options)
    const { reference, username, password, registryHost } = info
    const targets = info.options.map(targetOf)
    // Otherwise whoever pulls is told of a manifest that there is not (depot/cli `pkg/cmd/pull`).
    if (targets.length > 0 && !info.saveForLoad && !targets.some(({ save }) => save)) throw notSaved(buildId)
    return withSecrets(
      { reference, username, registryHost: registryHost || undefined, targets },
      { password },
    )
  }

  /** A token for pulling a project's or a build's images. */
  async pullToken(scope: PullTokenScope, options?: CallOptions): Promise<PullToken> {
    checkKnownOptions(scope, pullTokenScopeNames)
    const { projectId, buildId } = scope
    if (projectId === undefined && buildId === undefined)
      throw invalidOption('projectId', { expected: 'a project or a build to pull from', received: projectId })
    const request = {
      ...(projectId !== undefined && { projectId: checkedId(projectId, 'projectId') }),
      ...(buildId !== undefined && { buildId: checkedId(buildId, 'buildId') }),
    }
    const { token, registryHost } = await callIdempotent(
      (call) => this.#api.cli.getPullToken(request, call),
      options,
    )
    const username = 'x-token' as const
    return withSecrets({ username, registryHost: registryHost || undefined }, { password: token })
  }
}

function targetOf({ command, targetName, tags, push, load, save, saveTags }: WireOptions): SavedTarget {
  const bake = command === Command.BAKE
  return { targetName: targetName || undefined, bake, tags, push, load, save, saveTags }
}

function notSaved(buildId: string): BuildkitError {
  return new BuildkitError('NOT_FOUND', `build ${buildId} has not saved an image`, {
    subject: buildId,
    expected: 'a build with save',
    received: 'one without',
    advice: 'Build it with the option save',
  })
}

function imageOf({ tag, digest, pushedAt, sizeBytes }: Wire): SavedImage {
  return { tag, digest, pushedAt: dateOf(pushedAt), sizeBytes: Number(sizeBytes) }
}
