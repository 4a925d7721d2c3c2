import { randomBytes } from 'node:crypto'

/** What a token stands for. */
export type Holder =
  /** Sees all projects of the organizations that the user belongs to. */
  | { readonly kind: 'user'; readonly organizationIds: readonly string[] }
  | { readonly kind: 'organization'; readonly organizationId: string }
  | { readonly kind: 'project'; readonly projectId: string }
  | { readonly kind: 'build'; readonly buildId: string; readonly projectId: string }
  /** For the registry only. */
  | { readonly kind: 'pull'; readonly projectId: string | undefined }
  /** A job of a CI provider, whose token a trust policy turns into one for its project. */
  | { readonly kind: 'job'; readonly identity: JobIdentity }

export type TokenKind = Holder['kind']

/** Who a CI provider says that a job is, in the words of a trust policy. */
export type JobIdentity =
  | { readonly provider: 'github'; readonly repositoryOwner: string; readonly repository: string }
  | { readonly provider: 'circleci'; readonly organizationUuid: string; readonly projectUuid: string }
  | { readonly provider: 'buildkite'; readonly organizationSlug: string; readonly pipelineSlug: string }

/** All tokens that a stand-in has given out. */
export class Tokens {
  readonly #holders = new Map<string, Holder>()

  issue(holder: Holder): string {
    const token = `depot-${holder.kind}-${randomBytes(18).toString('base64url')}`
    this.#holders.set(token, holder)
    return token
  }

  /** Undefined for a token that was never given out, or no longer counts. */
  holder(token: string): Holder | undefined {
    return this.#holders.get(token)
  }

  /** From now on it is as good as none. */
  revoke(token: string): void {
    this.#holders.delete(token)
  }
}

/** The id of what a token belongs to. */
export function holderId(holder: Holder): string | undefined {
  switch (holder.kind) {
    case 'organization':
      return holder.organizationId
    case 'build':
      return holder.buildId
    case 'project':
    case 'pull':
      return holder.projectId
    case 'user':
    case 'job':
      return undefined
  }
}
