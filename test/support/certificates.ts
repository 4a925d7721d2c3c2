import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** What {@link Authority.issue} puts into a certificate. */
export interface Subject {
  /** DNS names and IP addresses. */
  readonly names?: readonly string[]
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
  const keys = await newKeys()
  const issuer = [{ shortName: 'CN', value: name }]
  const ca = newCertificate(keys, issuer, issuer, {}, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ])
  ca.sign(keys.privateKey, forge.md.sha256.create())
  return {
    ca: forge.pki.certificateToPem(ca),
    async issue(subject = {}) {
      const own = await newKeys()
      const certificate = newCertificate(own, [{ shortName: 'CN', value: 'test' }], issuer, subject, [
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: (subject.names ?? ['localhost']).map(altName) },
      ])
      certificate.sign(keys.privateKey, forge.md.sha256.create())
      return { cert: forge.pki.certificateToPem(certificate), key: own.pem }
    },
  }
}

interface Keys extends forge.pki.rsa.KeyPair {
  readonly pem: string
}

/** From the system's OpenSSL, which takes milliseconds where JavaScript takes seconds. */
async function newKeys(): Promise<Keys> {
  const { privateKey: pem } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const privateKey = forge.pki.privateKeyFromPem(pem)
  return { pem, privateKey, publicKey: forge.pki.rsa.setPublicKey(privateKey.n, privateKey.e) }
}

const hour = 3_600_000
let serial = 1

function newCertificate(
  keys: Keys,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  { from = new Date(Date.now() - hour), to = new Date(Date.now() + hour) }: Subject,
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  certificate.serialNumber = (serial++).toString(16).padStart(2, '0')
  certificate.validity.notBefore = from
  certificate.validity.notAfter = to
  certificate.setSubject(subject)
  certificate.setIssuer(issuer)
  certificate.setExtensions(extensions)
  return certificate
}

/** Types 2 and 7 of a general name (RFC 5280, 4.2.1.6): a DNS name, an IP address. */
function altName(name: string): object {
  return /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }
}
