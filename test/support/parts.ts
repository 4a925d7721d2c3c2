/**
 * What `npm test` provides to the tests: real programs and daemons, or the reason why one of them could
 * not be had. It travels to the test processes in an environment variable, as JSON.
 */
export interface TestParts {
  /** The address of a running daemon that all tests share. */
  readonly daemon?: string
  /** Programs of BuildKit, by their absolute paths; their version is pinned in `tools/buildkit`. */
  readonly buildkitd?: string
  readonly buildctl?: string
  /** What a private buildkitd runs containers with. */
  readonly runc?: string
  /** The registry program, pinned in `tools/registry`. */
  readonly registry?: string
  /** Prints what Docker's own CLI module makes of a Docker config, from `tools/docker-config`. */
  readonly dockerConfig?: string
  /** A server of grpc-go to hold our client against; its code is in `tools/grpc-peer`. */
  readonly grpcPeer?: string
  /** Answers what BuildKit's own client would send of a directory, from `tools/patterns`. */
  readonly patterns?: string
  /** Mounts a file system with a file that hangs, from `tools/hangfs`. */
  readonly hangfs?: string
  /** A static busybox, the only file of the tests' base images. */
  readonly busybox?: string
  /** Says which proxy Go's tools use; its code is in `tools/httpproxy`. */
  readonly httpproxy?: string
  /** An HTTP proxy that is not ours, of Debian. */
  readonly tinyproxy?: string
  /** Depot's own command line, pinned in `tools/depot`. */
  readonly depotCli?: string
  /** The folder of Depot's own package for Node, pinned there too. */
  readonly depotSdk?: string
  /** The address of a private Docker Engine; only `npm run test:engine` provides one. */
  readonly engine?: string
}

export type Part = keyof TestParts

/** Why a part is missing. */
export type MissingParts = { readonly [P in Part]?: string }

const variable = 'BUILDKIT_CLIENT_TEST_PARTS'

/** The environment that hands parts to a test process. */
export function partsEnvironment(parts: TestParts, missing: MissingParts): NodeJS.ProcessEnv {
  return { [variable]: JSON.stringify({ parts, missing }) }
}

/** A part that the test has declared to need, see `skipWithout`. */
export function part(name: Part): string {
  const value = provided().parts[name]
  if (value === undefined) throw new Error(`a test that uses ${name} must say so: skipWithout('${name}')`)
  return value
}

/** Why a part is not there; nothing where it is. */
export function whyMissing(name: Part): string | undefined {
  const { parts, missing } = provided()
  if (parts[name] !== undefined) return undefined
  return missing[name] ?? `${name} is not provided to this run`
}

function provided(): { parts: TestParts; missing: MissingParts } {
  const text = process.env[variable]
  return text === undefined ? { parts: {}, missing: {} } : JSON.parse(text)
}
