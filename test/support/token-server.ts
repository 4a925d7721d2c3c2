import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

/** What somebody shows for a token. */
export interface Credentials {
  readonly shown: 'nothing' | 'password' | 'identity token'
  readonly username?: string
  readonly secret?: string
}

/** What somebody may do with a repository, out of `pull`, `push`, `delete` and `*`. */
export type Access = (repository: string, action: string) => boolean

/** One request for a token, as it came. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly service: string | undefined
  /** `repository:NAME:ACTIONS` each. */
  readonly scopes: readonly string[]
  /** What the caller showed; whether it was right is another matter. */
  readonly shown: Credentials['shown']
  readonly status: 200 | 401 | 405
}

export interface TokenServerOptions {
  /** False: the OAuth2 form is answered with 405, as many registries do. */
  readonly post?: boolean
  /** Serves https with this certificate, PEM, and asks clients for one of `clientCa`; in clear by default. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string } | undefined
}

/** A server that gives out registry tokens. */
export interface TokenServer extends AsyncDisposable {
  /** Its URL, for the registry's `realm`. */
  readonly realm: string
  readonly issuer: string
  readonly service: string
  /** The public halves of its keys, as JSON Web Keys. */
  readonly keys: readonly object[]
  readonly requests: readonly TokenRequest[]
}

/**
 * Starts one that speaks both forms of the registry token protocol: GET with basic authentication, and the
 * OAuth2 POST. Credentials that give no access at all get 401, others a token for what they may do of what
 * is asked.
 */
export async function startTokenServer(
  accessWith: (credentials: Credentials) => Access | undefined,
  { post = true, tls }: TokenServerOptions = {},
): Promise<TokenServer> {
  const issuer = 'buildkit-client tests'
  const service = 'test registry'
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  const requests: TokenRequest[] = []
  const answer: RequestListener = async (incoming, response) => {
    const { asked, credentials } = await read(incoming)
    const access = accessWith(credentials)
    const status = asked.method === 'POST' && !post ? 405 : access ? 200 : 401
    requests.push({ ...asked, shown: credentials.shown, status })
    response.writeHead(status, { 'content-type': 'application/json' })
    if (status !== 200 || access === undefined) {
      response.end('{}')
      return
    }
    const claims = { iss: issuer, aud: service, sub: credentials.username ?? '', ...validity() }
    const token = jsonWebToken({ ...claims, access: granted(asked.scopes, access) }, privateKey, kid)
    response.end(JSON.stringify({ token, access_token: token, expires_in: tokenLifeS }))
  }
  const clients = tls?.clientCa && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }
  const server = tls === undefined ? createServer(answer) : https.createServer({ ...tls, ...clients }, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    realm: `http${tls === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    issuer,
    service,
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }],
    requests,
    [Symbol.asyncDispose]: () => close(server),
  }
}

type Asked = Pick<TokenRequest, 'method' | 'service' | 'scopes'>

async function read(incoming: IncomingMessage): Promise<{ asked: Asked; credentials: Credentials }> {
  if (incoming.method === 'POST') {
    const chunks: Buffer[] = await incoming.toArray()
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    return { asked: askedFor('POST', form), credentials: formCredentials(form) }
  }
  const { searchParams } = new URL(incoming.url ?? '/', 'http://token.test')
  return {
    asked: askedFor('GET', searchParams),
    credentials: basicCredentials(incoming.headers.authorization),
  }
}

/** A GET has one `scope` for each, a POST one for all with spaces between. */
function askedFor(method: 'GET' | 'POST', parameters: URLSearchParams): Asked {
  return {
    method,
    service: parameters.get('service') ?? undefined,
    scopes: parameters.getAll('scope').flatMap((scope) => scope.split(' ')),
  }
}

function formCredentials(form: URLSearchParams): Credentials {
  const username = form.get('username') ?? ''
  switch (form.get('grant_type')) {
    case 'password':
      return { shown: 'password', username, secret: form.get('password') ?? '' }
    case 'refresh_token':
      return { shown: 'identity token', username, secret: form.get('refresh_token') ?? '' }
    default:
      return { shown: 'nothing' }
  }
}

function basicCredentials(authorization: string | undefined): Credentials {
  const encoded = /^Basic (.*)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return { shown: 'nothing' }
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
  return { shown: 'password', username, secret: rest.join(':') }
}

/** The `access` claim (distribution, "Token Authentication Implementation"). */
function granted(scopes: readonly string[], access: Access): object[] {
  return scopes.map((scope) => {
    const [type, ...rest] = scope.split(':')
    const actions = (rest.pop() ?? '').split(',')
    const name = rest.join(':')
    return { type, name, actions: actions.filter((action) => access(name, action)) }
  })
}

const tokenLifeS = 300

function validity(): { iat: number; nbf: number; exp: number; jti: string } {
  const now = Math.floor(Date.now() / 1000)
  return { iat: now, nbf: now - 10, exp: now + tokenLifeS, jti: randomUUID() }
}

function jsonWebToken(claims: object, key: KeyObject, kid: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ typ: 'JWT', alg: 'ES256', kid })}.${part(claims)}`
  // JWS wants the two numbers of the signature side by side, not in DER.
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
