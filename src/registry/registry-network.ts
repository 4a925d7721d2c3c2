import type { Environment } from '../base/environment.ts'
import { invalidOption } from '../base/errors.ts'
import { loadTls, type TlsIdentity, type TlsOptions } from '../network/tls-options.ts'
import { keyHost, registryHost } from './credentials.ts'

export interface RegistryNetworkOptions {
  /** Where the proxy variables are looked up, at each call. `process.env` by default. */
  readonly env?: Environment | undefined
  /**
   * How to speak TLS with a registry, by its host with its port where it has one, such as
   * `{ 'registry.example:5000': { caFile, certFile, keyFile } }`; also with its token server, unless that has an entry
   * too. Docker Hub is `docker.io`. By default the system's authorities are trusted and no certificate is shown.
   */
  readonly tls?: Readonly<Record<string, TlsOptions>> | undefined
}

/** How this process reaches registries and their token servers. */
export class RegistryNetwork {
  readonly env: Environment | undefined
  readonly #entries = new Map<string, { readonly option: string; readonly options: TlsOptions }>()

  /** Throws INVALID_OPTION for a key of `tls` that is no host, and for a value that is no object. */
  constructor({ env, tls = {} }: RegistryNetworkOptions = {}) {
    this.env = env
    for (const [host, options] of Object.entries(tls)) {
      const option = `tls["${host}"]`
      if (keyHost(host) === undefined || host.includes('/'))
        throw invalidOption('tls', { expected: 'hosts such as registry.example:5000', received: host })
      if (typeof options !== 'object' || options === null)
        throw invalidOption(option, { expected: 'TLS options such as { caFile }', received: options })
      this.#entries.set(entryKey(host), { option, options: { ...options } })
    }
  }

  /** Loads all TLS options. Throws INVALID_OPTION, naming the one that cannot be used. */
  async check(): Promise<void> {
    for (const { option, options } of this.#entries.values()) await loadTls(options, option)
  }

  /** True for a host with TLS options. */
  hasTls(host: string): boolean {
    return this.#entries.has(entryKey(host))
  }

  /** The TLS options of the first of these hosts that has some, loaded now: files may have been renewed. */
  async identityFor(...hosts: readonly string[]): Promise<TlsIdentity | undefined> {
    const host = hosts.find((one) => this.hasTls(one))
    if (host === undefined) return undefined
    const { option, options } = this.#entries.get(entryKey(host))!
    return await loadTls(options, option)
  }
}

/** URLs leave out the default port. */
function entryKey(host: string): string {
  return (registryHost(host) ?? host).replace(/:443$/, '')
}
