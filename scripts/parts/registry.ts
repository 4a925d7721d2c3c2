import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goTools } from './go-tools.ts'
import { type Server, startServer } from './server.ts'

/** The registry program, compiled from `tools/registry`. */
export async function registryCommand(): Promise<string> {
  return join(await goTools('registry'), 'registry')
}

/** How it speaks TLS, all PEM. */
export interface RegistryTls {
  readonly cert: string
  readonly key: string
  /** The authority whose certificates clients must show. */
  readonly clientCa?: string
}

/** Starts an empty registry on a free port of 127.0.0.1, without TLS by default. It is ready as `127.0.0.1:PORT`. */
export function startRegistry(
  command: string,
  auth?: RegistryAuth,
  tls?: RegistryTls,
): Promise<Server<string>> {
  return startServer('registry', async (folder) => {
    const config = join(folder, 'config.json')
    await writeFile(
      config,
      JSON.stringify({
        version: 0.1,
        log: { accesslog: { disabled: true }, formatter: 'text', level: 'info' },
        storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
        http: {
          addr: '127.0.0.1:0',
          secret: 'shared with no other instance',
          ...(tls === undefined ? {} : { tls: await tlsSection(tls, folder) }),
        },
        ...(auth === undefined ? {} : { auth: await authSection(auth, folder) }),
      }),
    )
    return {
      command,
      args: ['serve', config],
      // The line that distribution's `registry/registry.go` logs once its listener stands.
      ready: (log) => /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1],
    }
  })
}

/** Who may use it. */
export type RegistryAuth =
  /** Lines `user:bcrypt hash`. */
  | { readonly type: 'basic'; readonly htpasswd: string }
  /** Holders of a token that the owner of one of the keys has signed. */
  | {
      readonly type: 'token'
      readonly realm: string
      readonly service: string
      readonly issuer: string
      readonly keys: readonly object[]
    }

/** The `auth` section of its configuration (distribution, "Configuring a registry"). */
async function authSection(auth: RegistryAuth, folder: string): Promise<object> {
  if (auth.type === 'basic') {
    const path = join(folder, 'htpasswd')
    await writeFile(path, auth.htpasswd)
    return { htpasswd: { realm: 'basic', path } }
  }
  const { realm, service, issuer, keys } = auth
  const jwks = join(folder, 'keys.json')
  await writeFile(jwks, JSON.stringify({ keys }))
  return { token: { realm, service, issuer, jwks } }
}

async function tlsSection({ cert, key, clientCa }: RegistryTls, folder: string): Promise<object> {
  const file = async (name: string, pem: string) => {
    await writeFile(join(folder, name), pem, { mode: 0o600 })
    return join(folder, name)
  }
  return {
    certificate: await file('cert.pem', cert),
    key: await file('key.pem', key),
    ...(clientCa !== undefined && { clientcas: [await file('client-ca.pem', clientCa)] }),
  }
}
