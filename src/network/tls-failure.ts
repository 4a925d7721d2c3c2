import { BuildkitError, causes, systemCode } from '../base/errors.ts'
import { sanitize } from '../base/redact.ts'

export interface TlsFailureOptions {
  /**
   * The option that holds the certificates, for advice, such as `tls`. Without it the advice is for a connection that
   * has none.
   */
  readonly option?: string | undefined
}

/**
 * TLS_FAILED for an error that TLS has caused somewhere down its chain of causes, else nothing. Under TLS 1.3
 * a daemon judges our certificate after our side of the handshake is done, so that its refusal fails a
 * connection that was already ours: whoever sees one break right after dialling asks here what it means.
 */
export function tlsFailure(
  error: unknown,
  description: string,
  { option }: TlsFailureOptions = {},
): BuildkitError | undefined {
  const cause = causes(error).find(isTlsError)
  if (cause === undefined) return undefined
  if (cause instanceof BuildkitError) return cause
  return new BuildkitError('TLS_FAILED', `TLS with ${description} failed`, {
    subject: description,
    ...reasonOf(cause, option),
    cause,
  })
}

function isTlsError(error: Error): boolean {
  const code = systemCode(error) ?? ''
  return code === 'TLS_FAILED' || code === 'EPROTO' || /^ERR_(?:SSL|TLS|OSSL)_/.test(code) || code in verdicts
}

interface Reason {
  readonly received: string
  readonly expected?: string
  readonly advice?: string | ((option: string | undefined) => string | undefined)
}

const untrusted: Reason = {
  received: 'its certificate comes from an authority that is not trusted',
  advice: (option) =>
    option === undefined
      ? 'Start the process with NODE_EXTRA_CA_CERTS naming a file that holds that authority’s certificate'
      : `Give that authority’s certificate as ${option}.ca or ${option}.caFile`,
}

/** What OpenSSL can find wrong with the daemon's certificate, by the codes that Node gives it. */
const verdicts: Readonly<Record<string, Reason>> = {
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  INVALID_CA: untrusted,
  CERT_CHAIN_TOO_LONG: untrusted,
  PATH_LENGTH_EXCEEDED: untrusted,
  INVALID_PURPOSE: { received: 'its certificate is not meant for servers' },
  CERT_REJECTED: { received: 'its certificate is rejected here' },
  CERT_REVOKED: { received: 'its certificate has been revoked' },
  CERT_HAS_EXPIRED: {
    received: 'its certificate, or that of its authority, has expired',
    advice: 'Renew it, or set the clock of this machine',
  },
  CERT_NOT_YET_VALID: {
    received: 'its certificate, or that of its authority, is not valid yet',
    advice: 'Set the clock of this machine',
  },
}

const giveCertificate = (option: string | undefined) =>
  option &&
  `Give a certificate that it accepts as ${option}.cert and ${option}.key, or ${option}.certFile and ${option}.keyFile`

/** What the other side, or OpenSSL, says in words; the codes differ between versions of OpenSSL. */
const phrases: readonly (readonly [RegExp, Reason])[] = [
  [
    /alert (?:(?:bad|unsupported) certificate|certificate (?:required|expired|revoked|unknown)|unknown ca|access denied)/i,
    {
      received: 'it refuses our certificate, or the lack of one',
      advice: giveCertificate,
    },
  ],
  [
    /alert handshake failure/i,
    { received: 'it breaks off, as daemons do that ask for a certificate', advice: giveCertificate },
  ],
  [
    /wrong version number|packet length too long|http request|record layer failure|invalid alert/i,
    { received: 'it does not speak TLS', advice: 'Leave tls out, or check the port' },
  ],
  [/no application protocol/i, { received: 'it offers no protocol that a daemon speaks over TLS' }],
]

function reasonOf(error: Error, option: string | undefined): Omit<Reason, 'advice'> & { advice?: string } {
  const { advice, ...reason } = withoutOption(error)
  const text = typeof advice === 'function' ? advice(option) : advice
  return text === undefined ? reason : { ...reason, advice: text }
}

function withoutOption(error: Error): Reason {
  if (systemCode(error) === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(error)
  const verdict = verdicts[systemCode(error) ?? '']
  if (verdict !== undefined) return verdict
  const { reason } = error as { reason?: unknown }
  const words = typeof reason === 'string' ? reason : error.message
  return phrases.find(([pattern]) => pattern.test(words))?.[1] ?? { received: sanitize(words) }
}

const longestNames = 200

function wrongName(error: Error): Reason {
  const { host, cert } = error as { host?: string; cert?: { subjectaltname?: string } }
  const names = cert?.subjectaltname?.replace(/[^\x20-\x7e]/g, '?').slice(0, longestNames)
  return {
    expected: `a certificate for ${host}`,
    received: names === undefined ? 'one without a name' : `one for ${names}`,
    advice: (option) => option && `Set ${option}.serverName to the name that the daemon goes by`,
  }
}
