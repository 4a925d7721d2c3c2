import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { realmUrl, urlForLog } from '../../src/registry/realm.ts'

type Verdict = 'anyone' | 'anonymous' | 'nobody'

describe('realmUrl', () => {
  const realms: [string, string, Verdict][] = [
    ['https://auth.docker.io/token', 'registry-1.docker.io', 'anyone'],
    ['https://registry.example/token?a=b', 'registry.example', 'anyone'],
    ['https://10.0.0.1/token', 'registry.example', 'anyone'],
    ['http://localhost:5001/token', 'localhost:5000', 'anyone'],
    ['http://127.0.0.1:5001/token', 'localhost:5000', 'anyone'],
    ['http://[::1]:5001/token', '127.0.0.1:5000', 'anyone'],
    ['http://127.1/token', '127.8.9.10:5000', 'anyone'],
    ['http://registry.example:5000/token', 'registry.example:5000', 'anonymous'],
    ['http://Registry.Example/token', 'registry.EXAMPLE', 'anonymous'],
    ['http://registry.example/token', 'registry.example:80', 'anonymous'],
    ['http://registry.example:80/token', 'registry.example', 'anonymous'],
    ['http://[2001:db8::1]:5000/token', '[2001:DB8:0::1]:5000', 'anonymous'],
    ['http://registry.example:5001/token', 'registry.example:5000', 'nobody'],
    ['http://registry.example:22/token', 'registry.example', 'nobody'],
    ['http://registry.example/token', 'registry.example:5000', 'nobody'],
    ['http://registry.example:443/token', 'registry.example', 'nobody'],
    ['http://auth.example/token', 'registry.example', 'nobody'],
    ['http://192.168.1.1/reboot', 'registry.example', 'nobody'],
    ['http://127.0.0.1:2375/x', 'registry.example', 'nobody'],
    ['http://localhost/x', 'registry.example', 'nobody'],
    ['http://localhost.evil.example/x', 'localhost:5000', 'nobody'],
    ['http://127.0.0.1.evil.example/x', 'localhost:5000', 'nobody'],
    ['http://169.254.169.254/latest/', 'localhost:5000', 'nobody'],
    ['http://registry.example.evil/x', 'registry.example', 'nobody'],
    ['https://me:hunter2@registry.example/x', 'registry.example', 'nobody'],
    ['https://me@registry.example/x', 'registry.example', 'nobody'],
    ['ftp://registry.example/x', 'registry.example', 'nobody'],
    ['file:///etc/passwd', 'registry.example', 'nobody'],
    ['data:application/json,{}', 'registry.example', 'nobody'],
    ['registry.example/token', 'registry.example', 'nobody'],
    ['/token', 'registry.example', 'nobody'],
    ['', 'registry.example', 'nobody'],
  ]
  for (const [realm, host, verdict] of realms) {
    it(`lets ${verdict} call ${JSON.stringify(realm)} for ${host}`, () => {
      for (const withCredentials of [false, true]) {
        const allowed = verdict === 'anyone' || (verdict === 'anonymous' && !withCredentials)
        if (allowed) {
          assert.equal(realmUrl(realm, host, withCredentials).href, new URL(realm).href)
          continue
        }
        assert.throws(
          () => realmUrl(realm, host, withCredentials),
          (error: Error & { code?: string; subject?: string }) => {
            assert.equal(error.code, 'CREDENTIALS_FAILED')
            assert.equal(error.subject, host)
            assert.match(error.message, /its token server is not called/)
            assert.doesNotMatch(error.message + JSON.stringify(error), /hunter2/)
            return true
          },
        )
      }
    })
  }
})

describe('urlForLog', () => {
  it('leaves out user info, query and fragment, and is of bounded length', () => {
    assert.equal(
      urlForLog(new URL('https://me:pw@h.example:1/token?secret=1#x')),
      'https://h.example:1/token',
    )
    assert.equal(urlForLog(new URL(`https://h/${'a'.repeat(999)}`)).length, 200)
  })
})
