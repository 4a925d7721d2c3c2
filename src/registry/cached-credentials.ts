import { setBounded } from '../base/bounded-map.ts'
import { KeyedMutex } from '../base/mutex.ts'
import type { CredentialSource, Credentials } from './credentials.ts'

/** How long an answer is used again: a little less than the shortest life of a cloud's password. */
export const cacheMs = 290_000

/** Hosts come from the daemon: this many at most are kept. */
const maxHosts = 256

/**
 * Asks a source one question per host at a time, and keeps each answer for 4 min 50 s: a build asks for the same host
 * many times. A host whose answer takes long makes no other host wait. Failures are not kept.
 */
export class CachedCredentials {
  readonly #source: CredentialSource
  readonly #now: () => number
  readonly #mutex = new KeyedMutex()
  readonly #answers = new Map<string, { credentials: Credentials | undefined; until: number }>()

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(source: CredentialSource, now: () => number = () => performance.now()) {
    this.#source = source
    this.#now = now
  }

  /** The credentials of a host; undefined is anonymous. Throws what the source throws, or the signal's reason. */
  async get(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
    const ask = async () => {
      const known = this.#answers.get(host)
      if (known !== undefined && known.until > this.#now()) return known.credentials
      const credentials = await this.#source(host, signal)
      setBounded(this.#answers, host, { credentials, until: this.#now() + cacheMs }, maxHosts)
      return credentials
    }
    return this.#mutex.run(host, ask, signal)
  }

  /** Has the next question about a host reach the source. */
  forget(host: string): void {
    this.#answers.delete(host)
  }
}
