/** How a registry wants to be told who asks (RFC 9110, 11.6.1; distribution `docs/spec/auth`). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer'
      /** The URL of the token server. */
      readonly realm: string
      /** What the token server calls the registry; empty where the challenge says nothing. */
      readonly service: string
      /** Such as `repository:me/app:pull,push`; none where the challenge says nothing. */
      readonly scopes: readonly string[]
    }

/**
 * The challenge of `WWW-Authenticate` headers to answer: tokens before passwords, unless the URL of the token server is
 * none. Undefined where there is none.
 */
export function parseChallenge(headers: string | readonly string[] | undefined): Challenge | undefined {
  const offered = [headers ?? []].flat().flatMap(schemesIn)
  const bearers = offered.filter(({ scheme, parameters }) => scheme === 'bearer' && parameters.get('realm'))
  const usable = bearers.find(({ parameters }) => isHttpUrl(parameters.get('realm')!))
  if (usable !== undefined) return bearer(usable.parameters)
  if (offered.some(({ scheme }) => scheme === 'basic')) return { scheme: 'basic' }
  return bearers[0] && bearer(bearers[0].parameters)
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function bearer(parameters: ReadonlyMap<string, string>): Challenge {
  return {
    scheme: 'bearer',
    realm: parameters.get('realm')!,
    service: parameters.get('service') ?? '',
    scopes: (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
  }
}

/** A word, and behind `=` its value, quoted or not. One without a value names a scheme. */
const word = /[\s,]*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y

function schemesIn(header: string): { scheme: string; parameters: Map<string, string> }[] {
  const schemes: { scheme: string; parameters: Map<string, string> }[] = []
  for (const [, name = '', quoted, plain] of matches(header)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) schemes.push({ scheme: name.toLowerCase(), parameters: new Map() })
    else schemes.at(-1)?.parameters.set(name.toLowerCase(), value)
  }
  return schemes
}

function* matches(header: string): Generator<RegExpExecArray> {
  word.lastIndex = 0
  for (let found = word.exec(header); found !== null; found = word.exec(header)) yield found
}
