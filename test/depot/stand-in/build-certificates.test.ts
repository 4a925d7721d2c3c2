import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createBuildAuthority } from './build-certificates.ts'

const serverAuth = '1.3.6.1.5.5.7.3.1'
const clientAuth = '1.3.6.1.5.5.7.3.2'

const authority = await createBuildAuthority()
const authoritysOwn = new X509Certificate(authority.ca)

function read({ cert, key }: { cert: string; key: string }) {
  const certificate = new X509Certificate(cert)
  return {
    names: certificate.subjectAltName,
    usage: certificate.keyUsage,
    ours: certificate.checkIssued(authoritysOwn) && certificate.verify(authoritysOwn.publicKey),
    fits: certificate.checkPrivateKey(createPrivateKey(key)),
    inDate: Date.parse(certificate.validFrom) < Date.now() && Date.now() < Date.parse(certificate.validTo),
  }
}

const sound = {
  names: 'URI:spiffe://depot.test/build/b1',
  usage: [clientAuth],
  ours: true,
  fits: true,
  inDate: true,
}

test('a machine’s certificate is for a server of its name only', async () => {
  assert.deepEqual(read(await authority.machineCertificate('machine-1.depot.test')), {
    ...sound,
    names: 'DNS:machine-1.depot.test',
    usage: [serverAuth],
  })
})

test('a build’s certificate is for a client, and names the build', async () => {
  const issued = await authority.buildCertificate('b1')
  assert.deepEqual(read(issued), sound)
  assert.notEqual((await authority.buildCertificate('b1')).key, issued.key)
})

for (const [defect, difference] of [
  ['expired', { inDate: false }],
  ['wrong-usage', { usage: [serverAuth] }],
  ['wrong-key', { fits: false }],
  ['wrong-authority', { ours: false }],
] as const) {
  test(`a certificate with the defect ${defect} has no other`, async () => {
    assert.deepEqual(read(await authority.buildCertificate('b1', defect)), { ...sound, ...difference })
  })
}
