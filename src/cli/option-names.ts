import { BuildkitError, isBuildkitError } from '../base/errors.ts'
import type { BuildValues, DockerfileBuild } from './solve-options.ts'

/** The build that an error may be about. */
type Build = Pick<BuildValues, 'tag'> & Pick<DockerfileBuild, 'localDirs' | 'exports'>

/**
 * What the library says about one of its options, said about the flag it came from. Any other error is given
 * back as it is.
 */
export function inFlags(error: unknown, build?: Build): unknown {
  if (!isBuildkitError(error) || error.code !== 'INVALID_OPTION' || error.subject === undefined) return error
  const flag = flagOf(error.subject, build)
  if (flag === undefined) return error
  const { expected, received, advice, cause } = error
  const named = flag.startsWith('--') ? `option ${flag}` : flag
  return new BuildkitError('INVALID_OPTION', `${named} cannot be used`, {
    subject: flag,
    ...(expected !== undefined && { expected: inWords(expected, build) }),
    ...(received !== undefined && { received }),
    ...(advice !== undefined && { advice: inWords(advice, build) }),
    cause,
  })
}

function flagOf(option: string, build?: Build): string | undefined {
  const index = /^exports\[(\d+)\]/.exec(option)?.[1]
  if (index === undefined) return flags[option]
  const name = build?.exports[Number(index)]?.attrs?.name
  return option.endsWith('.name') && name === build?.tag.join(',') ? '--tag' : '--output'
}

const flags: Readonly<Record<string, string>> = {
  address: '--addr',
  BUILDKIT_HOST: 'BUILDKIT_HOST',
  tls: 'TLS',
  'tls.ca': '--tlscacert',
  'tls.caFile': '--tlscacert',
  'tls.cert': '--tlscert',
  'tls.certFile': '--tlscert',
  'tls.key': '--tlskey',
  'tls.keyFile': '--tlskey',
  'tls.serverName': '--tlsservername',
  'localDirs.context': 'context',
  'localDirs.dockerfile': '--file',
  'frontendAttrs.filename': '--file',
  'frontendAttrs.platform': '--platform',
}

/** Other options that the library mentions: their flags, and for local directories their paths. */
function inWords(text: string, build?: Build): string {
  return text.replace(/\b(?:tls|localDirs)\.(\w+)/g, (option, name: string) => {
    const dir = option.startsWith('localDirs.') ? build?.localDirs[name] : undefined
    return typeof dir === 'string' ? dir : (flags[option] ?? option)
  })
}
