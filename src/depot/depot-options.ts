import type { OptionNames } from '../base/known-options.ts'
import type { OnWarning } from '../base/warning.ts'

/** Who calls Depot, and how. Nothing is read or sent before it is needed. */
export interface DepotOptions {
  /**
   * A token of a user, an organization or a project. By default what Depot's own clients would use:
   * `DEPOT_TOKEN`, what `depot login` has left, the OIDC token of a CI job; see `resolveToken`.
   */
  readonly token?: string | undefined
  /**
   * The organization that calls about projects, images, past builds and usage are for, where the token sees several.
   * `DEPOT_ORG_ID` by default; an empty one counts as not given there.
   */
  readonly orgId?: string | undefined
  /**
   * `https://api.depot.dev` by default, or `DEPOT_API_URL`. INVALID_OPTION for anything but an http or https URL without a
   * user, a password or a query. Plain http to another machine gives the warning PLAINTEXT_TCP.
   */
  readonly apiUrl?: string | undefined
  /** Where `DEPOT_...` variables are looked up. `process.env` by default; `{}` for none. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Which of Depot's APIs hands out machines: the one of Depot's own clients, or the public one. `cli` by default. */
  readonly machineApi?: 'cli' | 'public' | undefined
  /** Milliseconds for a call such as registering a build. 30,000 by default. */
  readonly requestTimeoutMs?: number | undefined
  /** A product and its version. `buildkit-client-node/VERSION` by default. */
  readonly userAgent?: string | undefined
  /** Told of what does not stop the work. `process.emitWarning` by default. */
  readonly onWarning?: OnWarning | undefined
}

export const depotOptionNames: OptionNames<DepotOptions> = {
  token: true,
  orgId: true,
  apiUrl: true,
  env: true,
  machineApi: true,
  requestTimeoutMs: true,
  userAgent: true,
  onWarning: true,
}
