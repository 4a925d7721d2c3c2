import type { Credentials } from '../../../src/registry/credentials.ts'

/** What a config gives for a host. An error fails the build here, and is a warning of Docker's command line. */
export type Outcome = Credentials | 'anonymous' | 'error'

/** One Docker config and what Docker's own CLI module makes of it. */
export interface DockerConfigCase {
  readonly name: string
  /** The text of config.json; no file where it is undefined. */
  readonly config?: string
  /** `DOCKER_AUTH_CONFIG`. */
  readonly variable?: string
  /** Shell scripts of credential helpers by name. */
  readonly helpers?: Readonly<Record<string, string>>
  /** `a.example` by default. */
  readonly host?: string
  /** Docker's answer, as BuildKit uses it. */
  readonly docker: Outcome
  /** Ours, where it is another one, and why. */
  readonly ours?: readonly [outcome: Outcome, reason: string]
}

export const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
export const mePw = base64('me:pw')
export const me: Credentials = { username: 'me', password: 'pw' }
export const you: Credentials = { username: 'you', password: 'other' }
export const youAuth = base64('you:other')
export const longPassword = 'p'.repeat(90)
export const long: Credentials = { username: 'me', password: longPassword }
export const wrapped = (columns: number, end: string) =>
  (base64(`me:${longPassword}`).match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join(end)

/** A config with one entry for a.example. */
export const entry = (value: unknown) => JSON.stringify({ auths: { 'a.example': value } })
export const auth = (value: string) => entry({ auth: value })
export const says = (reply: unknown) => `echo '${JSON.stringify(reply)}'`
export const login = says({ ServerURL: 'a.example', Username: 'me', Secret: 'pw' })
export const store = { config: '{"credsStore":"x"}' }

export const tolerant =
  'what Docker warns of and ignores with the whole file is read where its meaning is clear'
export const otherHost = 'another host’s entry, or a setting that is not used here, is no reason to fail'
export const sameHost = 'another spelling of the same host'
export const noHost = 'the daemon asks for what is no host: nothing is read or run for it'
