/** What came back, and from whom: a token server that refuses is never followed by a registry. */
export interface RegistryAnswer {
  readonly from: 'token server' | 'registry'
  readonly response: Response
}

/** GETs from a registry with tokens as its clients do: refused at first, with a token from where it says then. */
export async function registryGet(
  url: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<RegistryAnswer> {
  const challenge = (await fetch(url)).headers.get('www-authenticate') ?? ''
  const { realm, service, scope } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  )
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  const response = await fetch(`${realm}?${new URLSearchParams({ service, scope })}`, {
    headers: { authorization: `Basic ${basic}` },
  })
  if (!response.ok) return { from: 'token server', response }
  const { token } = (await response.json()) as { token: string }
  const headers = { authorization: `Bearer ${token}`, accept: manifestTypes.join(', ') }
  return { from: 'registry', response: await fetch(url, { headers }) }
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
