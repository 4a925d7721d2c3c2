import { join } from 'node:path'
import { malformed, readConfigFile } from './config-file.ts'

/**
 * Where `depot login` leaves its token: `depot/depot.yaml` in `$XDG_CONFIG_HOME`, else in the system's folder
 * for configuration (`~/.config`, `~/Library/Application Support`, `%LOCALAPPDATA%`). Undefined where the
 * environment names no home, as an empty one does.
 */
export function userConfigPath(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const folder = env.XDG_CONFIG_HOME || systemFolder(env, platform)
  return folder && join(folder, 'depot', 'depot.yaml')
}

/**
 * The token in the user's configuration, under `api_token`; undefined where there is none. Read anew each time, so
 * that a login takes effect at once. Throws INVALID_OPTION for a file that cannot be read or is malformed.
 */
export async function userConfigToken(path: string): Promise<string | undefined> {
  const token = (await readConfigFile(path))?.api_token
  if (token === undefined || token === '') return undefined
  if (typeof token !== 'string') throw malformed(path, 'a token under the key api_token', 'something else')
  return token
}

function systemFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32')
    return env.LOCALAPPDATA || (env.USERPROFILE && join(env.USERPROFILE, 'AppData', 'Local'))
  const below = platform === 'darwin' ? join('Library', 'Application Support') : '.config'
  return env.HOME && join(env.HOME, below)
}
