import { isBuildkitError } from '../base/errors.ts'

/** What a handler of ours has answered the daemon with instead of a reply. */
export interface HandlerError {
  /** `/package.Service/Method` */
  readonly method: string
  /** What the call was for: the name of a directory, an exporter's id, a registry; undefined where calls have none. */
  readonly key: string | undefined
  readonly error: unknown
}

/** Of one session. */
const maxErrors = 64

/**
 * The errors of a session's handlers, in the order they came: maybe the causes behind what the daemon reports. With a
 * mere status handlers also say that something is not there, so a BuildkitError counts before one.
 */
export class HandlerErrors {
  #errors: (HandlerError & { readonly owner: string | undefined })[] = []

  add(error: HandlerError, owner: string | undefined): void {
    this.#errors.push({ ...error, owner })
    if (this.#errors.length <= maxErrors) return
    const weakest = this.#errors.findIndex((one) => !isBuildkitError(one.error))
    this.#errors.splice(weakest < 0 ? 1 : weakest, 1)
  }

  /** Those of the owner's own handlers, then those of the handlers that serve everyone; BuildkitErrors first. */
  of(owner: string | undefined): HandlerError[] {
    const own = owner === undefined ? [] : this.#errors.filter((one) => one.owner === owner)
    const common = this.#errors.filter((one) => one.owner === undefined)
    const all = [...own, ...common].map(({ method, key, error }) => ({ method, key, error }))
    const isOurs = ({ error }: HandlerError) => isBuildkitError(error)
    return [...all.filter(isOurs), ...all.filter((one) => !isOurs(one))]
  }

  forget(owner: string): void {
    this.#errors = this.#errors.filter((one) => one.owner !== owner)
  }
}
