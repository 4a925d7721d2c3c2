import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { BuildkitError, invalidOption, messageOf, systemCode } from '../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../base/known-options.ts'

/** How to speak TLS with a daemon. Every part is PEM, in memory or in a file, never both. */
export interface TlsOptions {
  /** The authorities to trust instead of the system's: one certificate or more. */
  readonly ca?: string | Buffer | undefined
  readonly caFile?: string | undefined
  /** Our certificate, for daemons that ask for one; its chain may follow. Needs the key. */
  readonly cert?: string | Buffer | undefined
  readonly certFile?: string | undefined
  /** The key of our certificate, not encrypted. */
  readonly key?: string | Buffer | undefined
  readonly keyFile?: string | undefined
  /** The name that the daemon's certificate must carry, where that is not the host of the address. */
  readonly serverName?: string | undefined
}

const tlsOptionNames: OptionNames<TlsOptions> = {
  ca: true,
  caFile: true,
  cert: true,
  certFile: true,
  key: true,
  keyFile: true,
  serverName: true,
}

/** {@link TlsOptions} after loading: checked, and ready for any number of connections. */
export interface TlsIdentity {
  readonly context: SecureContext
  readonly serverName: string | undefined
  /** The name of the option that holds them, for messages. */
  readonly option: string
  /** False takes any certificate: for what its user has called insecure. */
  readonly verify?: false
}

/**
 * Reads and checks TLS options before anything is sent. Throws INVALID_OPTION, naming the option (below `option`, by
 * which they were given) and never showing what is in it: unknown, unreadable, not PEM, certificate without key, key of another certificate,
 * certificate outside its dates.
 */
export async function loadTls(options: TlsOptions, option = 'tls'): Promise<TlsIdentity> {
  checkKnownOptions(options, tlsOptionNames, `${option}.`)
  // One after the other: of several faults the same one is always named.
  const ca = await part(options, option, 'ca')
  const cert = await part(options, option, 'cert')
  const key = await part(options, option, 'key')
  if (ca !== undefined) certificates(ca)
  if (cert !== undefined || key !== undefined) checkPair(option, cert, key)
  const { serverName } = options
  if (serverName !== undefined && !/^[\w.:-]+$/.test(serverName))
    throw invalidOption(`${option}.serverName`, {
      expected: 'a host name or an IP address',
      received: serverName,
    })
  return { context: contextOf(option, ca, cert, key), serverName, option }
}

/** Said aloud, since `--tls-min-v1.0` in NODE_OPTIONS changes what Node takes. */
export const minVersion = 'TLSv1.2'

/** One part of the material, and the option it came from. */
interface Material {
  readonly option: string
  readonly pem: string
}

async function part(
  options: TlsOptions,
  parent: string,
  name: 'ca' | 'cert' | 'key',
): Promise<Material | undefined> {
  const option = `${parent}.${name}`
  const value: unknown = options[name]
  const file: unknown = options[`${name}File`]
  if (value !== undefined && file !== undefined)
    throw unusable(option, `either this or ${option}File`, 'both')
  if (file !== undefined) return fromFile(`${option}File`, file)
  if (value === undefined) return undefined
  if (typeof value === 'string') return withLineEnds({ option, pem: value })
  if (value instanceof Uint8Array) return withLineEnds({ option, pem: Buffer.from(value).toString('latin1') })
  throw unusable(option, 'PEM as a string or a Buffer', `a ${typeof value}`)
}

/** A way through an environment variable or JSON may have left two characters in place of each line end. */
function withLineEnds(material: Material): Material {
  if (!/-----BEGIN [A-Z ]+-----\s*\\[nr]/.test(material.pem)) return material
  throw unusable(
    material.option,
    'PEM with line ends',
    'one with \\n written out',
    undefined,
    "Put them back: .replaceAll('\\\\n', '\\n')",
  )
}

/** Ten times the largest bundle of authorities in use. */
const maxFileBytes = 4 << 20

async function fromFile(option: string, path: unknown): Promise<Material> {
  if (typeof path !== 'string' || path === '')
    throw invalidOption(option, { expected: 'a path', received: path })
  try {
    const info = await stat(path)
    if (!info.isFile()) throw unusable(option, 'a regular file', path)
    if (info.size > maxFileBytes)
      throw unusable(option, 'a PEM file of at most 4 MiB', `${info.size} bytes in ${path}`)
    return withLineEnds({ option, pem: await readFile(path, 'latin1') })
  } catch (cause) {
    if (cause instanceof BuildkitError) throw cause
    throw unusable(option, 'a readable file', `${systemCode(cause) ?? messageOf(cause)} for ${path}`, cause)
  }
}

/** Not left to the secure context: it accepts a key of another kind than the certificate's, and an empty one as none. */
function checkPair(option: string, cert: Material | undefined, key: Material | undefined): void {
  if (cert === undefined)
    throw unusable(`${option}.cert`, `the certificate that belongs to ${option}.key`, 'nothing')
  if (key === undefined) throw unusable(`${option}.key`, `the key that belongs to ${option}.cert`, 'nothing')
  const [own] = certificates(cert)
  if (!own!.checkPrivateKey(privateKey(key)))
    throw unusable(key.option, `the key of the certificate in ${cert.option}`, 'the key of another one')
  checkDates(own!, cert.option)
}

function checkDates({ validFrom, validTo }: X509Certificate, option: string): void {
  const expected = 'a certificate that is valid now'
  if (Date.now() < Date.parse(validFrom)) throw unusable(option, expected, `one valid only from ${validFrom}`)
  if (Date.now() > Date.parse(validTo)) throw unusable(option, expected, `one that expired on ${validTo}`)
}

/** The certificates of a PEM text in their order, at least one. */
function certificates({ option, pem }: Material): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)
  if (blocks === null) throw unusable(option, 'a certificate in PEM', 'something else')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (cause) {
    throw unusable(option, 'a certificate in PEM', 'a damaged one', cause)
  }
}

function privateKey({ option, pem }: Material): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED')
    throw unusable(
      option,
      'a private key in PEM, not encrypted',
      encrypted ? 'an encrypted one' : 'something else',
      cause,
    )
  }
}

function contextOf(option: string, ca?: Material, cert?: Material, key?: Material): SecureContext {
  try {
    return createSecureContext({ ca: ca?.pem, cert: cert?.pem, key: key?.pem, minVersion })
  } catch (cause) {
    throw unusable(option, 'material that this system’s TLS accepts', messageOf(cause), cause)
  }
}

/** As `invalidOption`, for descriptions: what came must not be quoted, it may be a key. */
function unusable(
  option: string,
  expected: string,
  received: string,
  cause?: unknown,
  advice = option.endsWith('File') || received !== 'something else'
    ? undefined
    : `For a path use ${option}File`,
): BuildkitError {
  return new BuildkitError('INVALID_OPTION', `option ${option} cannot be used`, {
    subject: option,
    expected,
    received,
    ...(advice !== undefined && { advice }),
    ...(cause !== undefined && { cause }),
  })
}
