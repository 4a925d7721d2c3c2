import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { loadTls, type TlsOptions } from '../../src/network/tls-options.ts'
import { createAuthority } from '../support/certificates.ts'
import { tempDir } from '../support/temp.ts'

const authority = await createAuthority()
const { ca } = authority
const [{ cert, key }, other, expired, future] = await Promise.all([
  authority.issue(),
  authority.issue(),
  authority.issue({ from: new Date('2020-01-01'), to: new Date('2020-02-01') }),
  authority.issue({ from: new Date('2090-01-01'), to: new Date('2090-02-01') }),
])

/** The error for options that cannot be used; it shows none of their material. */
async function refusal(options: TlsOptions): Promise<BuildkitError> {
  const error = await loadTls(options).then(
    () => assert.fail('the options were accepted'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof BuildkitError, String(error))
  assert.equal(error.code, 'INVALID_OPTION')
  const shown = JSON.stringify([error.message, error, error.cause, String(error.cause)])
  for (const value of Object.values(options)) {
    const lines = typeof value === 'string' && value.includes('/') ? [] : String(value).split('\n')
    for (const line of lines.filter((line) => line.length > 8)) assert.ok(!shown.includes(line), shown)
  }
  return error
}

test('PEM is taken as strings, as Buffers and from files, with or without each part', async () => {
  await using dir = await tempDir()
  const paths = {
    caFile: join(dir.path, 'ca'),
    certFile: join(dir.path, 'cert'),
    keyFile: join(dir.path, 'key'),
  }
  await writeFile(paths.caFile, `a comment\n${ca}${ca}`)
  await writeFile(join(dir.path, 'real'), cert)
  await symlink('real', paths.certFile)
  await writeFile(paths.keyFile, key)
  for (const options of [
    {},
    { ca },
    { cert, key },
    { ca: Buffer.from(ca), cert: Buffer.from(cert + ca), key: Buffer.from(key), serverName: 'build.example' },
    paths,
    { ca, cert, keyFile: paths.keyFile, serverName: '::1' },
  ]) {
    const { context, serverName } = await loadTls(options)
    assert.ok(context.context)
    assert.equal(serverName, 'serverName' in options ? options.serverName : undefined)
  }
})

test('half a pair is refused, naming the other half', async () => {
  assert.equal((await refusal({ cert })).subject, 'tls.key')
  assert.equal((await refusal({ key })).subject, 'tls.cert')
})

test('a key of another certificate is refused', async () => {
  const error = await refusal({ cert, key: other.key })
  assert.equal(
    error.message,
    'option tls.key cannot be used: expected the key of the certificate in tls.cert, got the key of another one',
  )
})

test('a key of another kind than the certificate is refused, which OpenSSL would take', async () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString()
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export(pem).toString()
  for (const kind of [rsa, ed25519])
    assert.equal((await refusal({ cert, key: kind })).received, 'the key of another one')
})

test('a certificate outside its dates is refused, with the date', async () => {
  const past = await refusal({ cert: expired.cert, key: expired.key })
  assert.equal(past.subject, 'tls.cert')
  assert.equal(past.received, 'one that expired on Feb  1 00:00:00 2020 GMT')
  const ahead = await refusal({ cert: future.cert, key: future.key })
  assert.equal(ahead.received, 'one valid only from Jan  1 00:00:00 2090 GMT')
})

test('what is not PEM is refused without being shown', async () => {
  const path = await refusal({ ca: 'secrets/of the house.pem' })
  assert.equal(
    path.message,
    'option tls.ca cannot be used: expected a certificate in PEM, got something else. For a path use tls.caFile',
  )
  assert.equal((await refusal({ ca: key })).received, 'something else')
  assert.equal((await refusal({ cert: 'not a certificate', key })).subject, 'tls.cert')
  assert.equal((await refusal({ cert, key: 'not a private key' })).subject, 'tls.key')
  assert.equal((await refusal({ cert, key: cert })).received, 'something else')
  assert.equal((await refusal({ cert, key: '' })).subject, 'tls.key')
  const damaged = cert.replace(/\n.{20}/, '\n!!!!!!!!!!!!!!!!!!!!')
  assert.equal((await refusal({ ca: damaged })).received, 'a damaged one')
  assert.equal((await refusal({ ca: 5 as never })).received, 'a number')
})

test('PEM whose line ends are written out is refused with how to put them back', async () => {
  const written = (pem: string) => pem.trimEnd().replaceAll('\n', '\\n')
  for (const [options, option] of [
    [{ ca: written(ca) }, 'tls.ca'],
    [{ cert: written(cert), key }, 'tls.cert'],
    [{ cert, key: Buffer.from(written(key)) }, 'tls.key'],
  ] as const) {
    const error = await refusal(options)
    assert.equal(
      error.message,
      `option ${option} cannot be used: expected PEM with line ends, got one with \\n written out. ` +
        "Put them back: .replaceAll('\\\\n', '\\n')",
    )
  }
})

test('an encrypted key is refused as such', async () => {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  })
  const error = await refusal({ cert, key: privateKey })
  assert.equal(error.expected, 'a private key in PEM, not encrypted')
  assert.equal(error.received, 'an encrypted one')
})

test('a part in memory and in a file at once is refused', async () => {
  const error = await refusal({ ca, caFile: '/ca.pem' })
  assert.equal(error.message, 'option tls.ca cannot be used: expected either this or tls.caFile, got both')
})

test('a file that cannot be read is refused, naming the option and the path', async () => {
  await using dir = await tempDir()
  const missing = join(dir.path, 'missing.pem')
  assert.equal((await refusal({ caFile: missing })).received, `ENOENT for ${missing}`)
  const first = await refusal({ keyFile: missing, certFile: missing, caFile: missing })
  assert.equal(first.subject, 'tls.caFile', 'of several faults the first')
  const folder = join(dir.path, 'folder')
  await mkdir(folder)
  const error = await refusal({ cert, keyFile: folder })
  assert.equal(error.subject, 'tls.keyFile')
  assert.equal(error.expected, 'a regular file')
  const large = join(dir.path, 'large.pem')
  await writeFile(large, Buffer.alloc((4 << 20) + 1))
  assert.equal((await refusal({ caFile: large })).expected, 'a PEM file of at most 4 MiB')
  const text = join(dir.path, 'text.pem')
  await writeFile(text, 'hello')
  assert.equal(
    (await refusal({ caFile: text })).message,
    'option tls.caFile cannot be used: expected a certificate in PEM, got something else',
  )
  assert.equal((await refusal({ caFile: '' })).expected, 'a path')
})

test('a server name that cannot be one is refused', async () => {
  for (const serverName of ['', 'a b', 'https://host'])
    assert.equal((await refusal({ serverName })).subject, 'tls.serverName')
})

test('an option that there is not is refused: without it the system’s authorities would be trusted', async () => {
  const error = await refusal({ caPath: 'ca.pem' } as TlsOptions)
  assert.equal(error.subject, 'tls.caPath')
})
