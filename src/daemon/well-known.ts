import { join } from 'node:path'
import type { Environment } from '../base/environment.ts'
import { defaultEngineSocket } from '../transport/address.ts'

/** The sockets of Docker Engines: of root's, of a rootless one (dockerd-rootless.sh), of Docker Desktop. */
export function engineSockets({ XDG_RUNTIME_DIR, HOME }: Environment): string[] {
  return [
    defaultEngineSocket,
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'docker.sock')] : []),
    ...(HOME ? [join(HOME, '.docker/run/docker.sock')] : []),
  ]
}

/** The sockets of BuildKit daemons: of root's and of a rootless one (moby/buildkit `util/appdefaults`). */
export function buildkitSockets({ XDG_RUNTIME_DIR }: Environment): string[] {
  return [
    '/run/buildkit/buildkitd.sock',
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'buildkit/buildkitd.sock')] : []),
  ]
}
