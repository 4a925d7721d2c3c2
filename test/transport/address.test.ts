import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBuildkitError } from '../../src/base/errors.ts'
import { parseAddress, printableAddress } from '../../src/transport/address.ts'

test('every documented form is read', () => {
  const forms: [string, object][] = [
    ['unix:///run/buildkit/buildkitd.sock', { kind: 'unix', path: '/run/buildkit/buildkitd.sock' }],
    ['unix:///with a space/%20/b@x.sock', { kind: 'unix', path: '/with a space/%20/b@x.sock' }],
    ['unix:///mydocker.sock', { kind: 'unix', path: '/mydocker.sock' }],
    ['unix:///var/run/docker.sock', { kind: 'docker', path: '/var/run/docker.sock' }],
    ['UNIX:///run/b.sock', { kind: 'unix', path: '/run/b.sock' }],
    ['unix:/run/b.sock', { kind: 'unix', path: '/run/b.sock' }],
    ['unix:/run/docker.sock', { kind: 'docker', path: '/run/docker.sock' }],
    ['unix://@b', { kind: 'unix', path: '\0b' }],
    ['unix://@b/c@d', { kind: 'unix', path: '\0b/c@d' }],
    ['docker://@engine', { kind: 'docker', path: '\0engine' }],
    ['Docker://', { kind: 'docker', path: '/var/run/docker.sock' }],
    ['TCP://build.example:1234', { kind: 'tcp', host: 'build.example', port: 1234 }],
    ['tcp://build.example:1234', { kind: 'tcp', host: 'build.example', port: 1234 }],
    ['tcp://10.0.0.1:65535/', { kind: 'tcp', host: '10.0.0.1', port: 65535 }],
    ['tcp://[::1]:1', { kind: 'tcp', host: '::1', port: 1 }],
    ['tcp://[fe80::1%eth0]:1', { kind: 'tcp', host: 'fe80::1%eth0', port: 1 }],
    ['docker://', { kind: 'docker', path: '/var/run/docker.sock' }],
    ['docker:///run/user/1000/engine.sock', { kind: 'docker', path: '/run/user/1000/engine.sock' }],
    ['docker://engine.example:2376', { kind: 'docker', host: 'engine.example', port: 2376 }],
  ]
  const ssh = { kind: 'ssh', login: undefined, port: undefined, path: undefined }
  forms.push(
    ['ssh://far.example', { ...ssh, host: 'far.example' }],
    ['ssh://far.example/', { ...ssh, host: 'far.example' }],
    ['ssh://me@[fd00::1]:22/b.sock', { ...ssh, login: 'me', host: 'fd00::1', port: 22, path: '/b.sock' }],
    ['Docker+SSH://me.b-c@far:22', { ...ssh, kind: 'docker+ssh', login: 'me.b-c', host: 'far', port: 22 }],
  )
  for (const [text, address] of forms) assert.deepEqual(parseAddress(text), address, text)
})

test('an address that cannot be used is refused with what was expected and what came', () => {
  const anyForm =
    'unix:///path/to/buildkitd.sock, tcp://host:port, docker://, docker:///path/to/docker.sock, ' +
    'docker://host:port, ssh://host or docker+ssh://host'
  const sshForm = 'ssh://user@host:port/path, a plain path, and no password'
  const tcpPort = 'tcp://host:port, the port from 1 to 65535'
  const unixPath = 'unix:///path/to/buildkitd.sock, the path absolute'
  const refused: [string, string][] = [
    ['', anyForm],
    ['localhost:1234', anyForm],
    ['https://build.example:1234', anyForm],
    ['docker-container://builder', anyForm],
    ['unix:run/b.sock', anyForm],
    ['tcp:/host:1', anyForm],
    ['npipe:////./pipe/buildkitd', anyForm],
    ['unix://', unixPath],
    ['unix://@', unixPath],
    ['unix://@a\0b', unixPath],
    ['unix://\0a', unixPath],
    ['unix:///', unixPath],
    ['unix://run/b.sock', unixPath],
    ['unix:///run/b.sock/', unixPath],
    ['unix:///run/b\0.sock', unixPath],
    ['unix:///run/b.sock?x=1', 'an address without query and fragment'],
    ['tcp://host:1#x', 'an address without query and fragment'],
    ['tcp://', tcpPort],
    ['tcp://host', tcpPort],
    ['tcp://:1234', tcpPort],
    ['tcp://host:', tcpPort],
    ['tcp://host:0', tcpPort],
    ['tcp://host:65536', tcpPort],
    ['tcp://host:12e3', tcpPort],
    ['tcp://ho st:1', tcpPort],
    ['tcp://::1:1234', tcpPort],
    ['tcp://host:1/path', tcpPort],
    ['tcp://[::g]:1', 'tcp://host:port, an IPv6 address in the brackets'],
    ['tcp://[]:1', 'tcp://host:port, an IPv6 address in the brackets'],
    ['tcp://256.1.1.1:1', 'tcp://host:port, a valid host'],
    ['ssh://', sshForm],
    ['ssh://me:secret@host', sshForm],
    ['ssh://-oProxyCommand=x', sshForm],
    ['ssh://-l@host', sshForm],
    ['ssh://host:0', sshForm],
    ['ssh://host:65536', sshForm],
    ['ssh://[host]', sshForm],
    ['ssh://host/a b', sshForm],
    ['docker+ssh://host/$(x)', sshForm],
    ['docker+ssh://ho;st', sshForm],
    ['docker://engine', 'docker://host:port, the port from 1 to 65535'],
    ['docker:///run/', 'docker:///path/to/docker.sock, the path absolute'],
  ]
  for (const [text, expected] of refused)
    assert.throws(
      () => parseAddress(text),
      (error) => {
        assert.ok(isBuildkitError(error))
        assert.equal(error.code, 'INVALID_OPTION', text)
        assert.equal(error.subject, 'address')
        assert.equal(error.expected, expected, text)
        return true
      },
    )
})

test('a path is taken as long as its bytes fit a socket address', () => {
  const longest = process.platform === 'darwin' ? 103 : 107
  const path = `/${'x'.repeat(longest - 1)}`
  assert.deepEqual(parseAddress(`unix://${path}`), { kind: 'unix', path })
  const tooLong = { expected: `a socket path of at most ${longest} bytes` }
  assert.throws(() => parseAddress(`unix://${path}x`), tooLong)
  assert.throws(() => parseAddress(`unix:///${'é'.repeat(longest / 2)}x`), tooLong)
})

test('the error names the option that the address came from, and a bare path gets its scheme', () => {
  assert.throws(() => parseAddress('/run/b.sock', 'BUILDKIT_HOST'), {
    subject: 'BUILDKIT_HOST',
    received: '"/run/b.sock"',
    advice: 'Write unix:///run/b.sock',
  })
})

test('a scheme of other clients is refused with what to do', () => {
  for (const [text, advice] of [
    ['npipe:////./pipe/buildkitd', /dialer that opens the pipe/],
    ['http://host:1', /Write tcp:\/\//],
    ['https://host:1', /tls option/],
    ['docker-container://builder', /pass a dialer/],
  ] as const)
    assert.throws(() => parseAddress(text), { code: 'INVALID_OPTION', advice }, text)
})

test('what stands where a secret could is never shown', () => {
  for (const text of [
    'tcp://user:hunter2@host:1',
    'tcp://user:hunter2/x@y@host:1',
    'tcp://host:1?token=hunter2',
    'tcp://host:1#hunter2',
    'user:hunter2@host:1',
    'https://user:hunter2@host:1',
    'docker://hunter2@engine:1',
    'UNIX://hunter2@/run/b.sock',
    'unix://hunter2@/run/b.sock',
  ])
    assert.throws(
      () => parseAddress(text),
      (error) => isBuildkitError(error) && !JSON.stringify([error.message, error]).includes('hunter2'),
      text,
    )
  assert.equal(printableAddress('tcp://me:pw@host:1?a#b'), 'tcp://…@host:1?…')
  assert.equal(printableAddress('ssh://me@host'), 'ssh://…@host')
  assert.equal(printableAddress('tcp://host:1'), 'tcp://host:1')
})
