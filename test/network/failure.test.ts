import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BuildkitError } from '../../src/base/errors.ts'
import { networkError } from '../../src/network/failure.ts'

const coded = (code: string, cause?: unknown) =>
  Object.assign(new Error(`it says ${code}`, { cause }), { code })

test('the error says what the system’s code means', () => {
  const advice = (code: string) => networkError(coded(code), 'it').advice
  assert.match(advice('EACCES')!, /join the group that owns it/)
  assert.match(advice('ENOTFOUND')!, /name does not resolve/)
  assert.match(advice('EHOSTUNREACH')!, /firewall/)
  assert.equal(advice('EWHATEVER'), undefined)
})

test('the code is found down the chain of causes, and the message is the outermost one', () => {
  const error = networkError(new Error('fetch failed', { cause: coded('ECONNREFUSED') }), 'it')
  assert.equal(error.code, 'UNREACHABLE')
  assert.equal(error.received, 'fetch failed: it says ECONNREFUSED')
  assert.match(error.advice!, /Nothing listens there/)
})

test('each kind of failure has its code', () => {
  for (const [code, expected] of [
    ['UND_ERR_CONNECT_TIMEOUT', 'TIMEOUT'],
    ['UND_ERR_HEADERS_TIMEOUT', 'TIMEOUT'],
    ['UND_ERR_BODY_TIMEOUT', 'TIMEOUT'],
    ['UND_ERR_SOCKET', 'UNREACHABLE'],
    ['ECONNRESET', 'UNREACHABLE'],
    ['CERT_HAS_EXPIRED', 'TLS_FAILED'],
    ['EPROTO', 'TLS_FAILED'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_FAILED'],
  ])
    assert.equal(networkError(coded(code!), 'it').code, expected, code)
})

test('an error of ours is kept, wherever it stands', () => {
  const own = new BuildkitError('INVALID_OPTION', 'option HTTPS_PROXY cannot be used')
  assert.equal(networkError(own, 'it'), own)
  assert.equal(networkError(new Error('wrapped', { cause: own }), 'it'), own)
})

test('a user in a URL is not shown, and what came is one line', () => {
  const error = networkError(new Error('no way to\nhttps://me:secret@host/ at all'), 'it')
  assert.equal(error.received, 'no way to https://***@host/ at all')
})

test('what to do about an unknown authority depends on where certificates can be given', () => {
  const unknown = coded('SELF_SIGNED_CERT_IN_CHAIN')
  assert.match(networkError(unknown, 'it', { option: 'tls' }).advice!, /as tls\.ca or tls\.caFile/)
  assert.match(networkError(unknown, 'it').advice!, /NODE_EXTRA_CA_CERTS/)
})
