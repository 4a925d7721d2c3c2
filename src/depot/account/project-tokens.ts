import { type CallOptions, callIdempotent, callOnce, checkedId, checkedText } from '../api/account-call.ts'
import type { DepotApi } from '../api/api.ts'
import { withSecrets } from '../api/secret.ts'

/** A token that can build in one project, and reach its images, and nothing else. */
export interface ProjectToken {
  readonly tokenId: string
  readonly description: string
}

export interface NewProjectToken {
  readonly tokenId: string
  /** The token itself, which Depot shows this once. Not in JSON, and not in what `console.log` prints. */
  readonly secret: string
}

/** The tokens of projects. Throws what {@link Projects} throws. */
export class ProjectTokens {
  readonly #api: DepotApi

  /** @internal */
  constructor(api: DepotApi) {
    this.#api = api
  }

  /** Those of a project, without their secrets. */
  async list(projectId: string, options?: CallOptions): Promise<ProjectToken[]> {
    const request = { projectId: checkedId(projectId, 'projectId') }
    const { tokens } = await callIdempotent((call) => this.#api.projects.listTokens(request, call), options)
    return tokens.map(({ tokenId, description }) => ({ tokenId, description }))
  }

  /** Makes one. Its secret is given here and never again. */
  async create(
    projectId: string,
    { description }: { readonly description: string },
    options?: CallOptions,
  ): Promise<NewProjectToken> {
    const request = {
      projectId: checkedId(projectId, 'projectId'),
      description: checkedText(description, 'description'),
    }
    const { tokenId, secret } = await callOnce(
      (call) => this.#api.projects.createToken(request, call),
      options,
    )
    return withSecrets({ tokenId }, { secret })
  }

  /** Changes the description; the token stays the same. */
  async update(
    tokenId: string,
    { description }: { readonly description: string },
    options?: CallOptions,
  ): Promise<void> {
    const request = {
      tokenId: checkedId(tokenId, 'tokenId'),
      description: checkedText(description, 'description'),
    }
    await callOnce((call) => this.#api.projects.updateToken(request, call), options)
  }

  /** Has the token stop working. */
  async delete(tokenId: string, options?: CallOptions): Promise<void> {
    const request = { tokenId: checkedId(tokenId, 'tokenId') }
    await callOnce((call) => this.#api.projects.deleteToken(request, call), options)
  }
}
