import { generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** What {@link Authority.issue} puts into a certificate. */
export interface Subject {
  /** DNS names, IP addresses and URIs; `localhost` by default. */
  readonly names?: readonly string[]
  /** Who may show it; both by default. */
  readonly usage?: 'server' | 'client' | 'both'
  /** An hour ago by default. */
  readonly from?: Date
  /** In an hour by default. */
  readonly to?: Date
}

/** A certificate authority of one test. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string
  /** Signs a certificate for servers and clients. */
  issue(subject?: Subject): Promise<Issued>
}

/** Makes one; two with the same name have different keys. */
export async function createAuthority(name = 'Test authority'): Promise<Authority> {
  const own = await newKeys()
  const sign = (keys: Keys, commonName: string, validity: Validity, extensions: object[]) =>
    signed(certificate(name, commonName, validity, extensions), keys, own)
  return {
    ca: sign(own, name, {}, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]),
    async issue({ names = ['localhost'], usage = 'both', ...validity } = {}) {
      const keys = await newKeys()
      const cert = sign(keys, 'test', validity, [
        { name: 'keyUsage', digitalSignature: true },
        { name: 'extKeyUsage', serverAuth: usage !== 'client', clientAuth: usage !== 'server' },
        { name: 'subjectAltName', altNames: names.map(altName) },
      ])
      return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** On a curve: RSA keys take a third of a second each, and a test may want a hundred. */
function newKeys(): Promise<Keys> {
  return promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
}

type Validity = Pick<Subject, 'from' | 'to'>

const hour = 3_600_000
let serial = 1

function certificate(
  issuer: string,
  subject: string,
  { from = new Date(Date.now() - hour), to = new Date(Date.now() + hour) }: Validity,
  extensions: object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate()
  made.serialNumber = (serial++).toString(16).padStart(4, '0')
  made.validity.notBefore = from
  made.validity.notAfter = to
  made.setSubject([{ shortName: 'CN', value: subject }])
  made.setIssuer([{ shortName: 'CN', value: issuer }])
  made.setExtensions(extensions)
  return made
}

/**
 * The certificate as PEM. forge writes all of it but what speaks of keys: it knows RSA only (RFC 5280, 4.1).
 */
function signed(certificate: forge.pki.Certificate, { publicKey }: Keys, issuer: Keys): string {
  certificate.publicKey = noKey
  certificate.signature = ''
  certificate.signatureOid = certificate.siginfo.algorithmOid = ecdsaWithSha256
  const whole = forge.pki.certificateToAsn1(certificate)
  const [content, algorithm, signature] = parts(whole) as [Asn1, Asn1, Asn1]
  const fields = parts(content)
  fields[keyField] = forge.asn1.fromDer(publicKey.export({ type: 'spki', format: 'der' }).toString('latin1'))
  for (const identifier of [algorithm, fields[algorithmField]!]) identifier.value = [parts(identifier)[0]!]
  const text = Buffer.from(forge.asn1.toDer(content).getBytes(), 'latin1')
  // Its first byte says how many bits of the last one are unused.
  signature.value = `\0${sign('sha256', text, issuer.privateKey).toString('latin1')}`
  return forge.pem.encode({ type: 'CERTIFICATE', body: forge.asn1.toDer(whole).getBytes() })
}

type Asn1 = forge.asn1.Asn1

const parts = ({ value }: Asn1) => value as Asn1[]
const noKey = forge.pki.rsa.setPublicKey(new forge.jsbn.BigInteger('0'), new forge.jsbn.BigInteger('0'))
const algorithmField = 2
const keyField = 6

/** RFC 5758, 3.2: it goes without the parameters that RSA has. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

/** Types 2, 6 and 7 of a general name (RFC 5280, 4.2.1.6): a DNS name, a URI, an IP address. */
function altName(name: string): object {
  if (name.includes('://')) return { type: 6, value: name }
  return /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }
}
