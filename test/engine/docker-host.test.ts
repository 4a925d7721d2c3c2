import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { dockerTls, engineTarget } from '../../src/engine/docker-host.ts'
import { printableAddress } from '../../src/transport/address.ts'
import { tempDir } from '../support/temp.ts'

const tls = { caFile: '/ca.pem' }

test('every form that Docker takes names the same Engine', () => {
  for (const [host, plain, secure] of [
    ['unix:///run/docker.sock', 'docker:///run/docker.sock'],
    ['unix:///run/any.sock', 'docker:///run/any.sock'],
    ['unix://', 'docker://'],
    ['unix://@engine', 'docker://@engine'],
    ['tcp://engine.example:1234', 'docker://engine.example:1234', 'docker://engine.example:1234'],
    ['TCP://engine.example:1234/', 'docker://engine.example:1234/', 'docker://engine.example:1234/'],
    ['http://engine.example:1234', 'docker://engine.example:1234', 'docker://engine.example:1234'],
    [' engine.example:1234', 'docker://engine.example:1234', 'docker://engine.example:1234'],
    ['tcp://engine.example', 'docker://engine.example:2375', 'docker://engine.example:2376'],
    ['tcp://[fd00::1]', 'docker://[fd00::1]:2375', 'docker://[fd00::1]:2376'],
    ['tcp://:1234', 'docker://localhost:1234', 'docker://localhost:1234'],
    ['tcp://', 'docker://localhost:2375', 'docker://localhost:2376'],
    ['engine.example', 'docker://engine.example:2375', 'docker://engine.example:2376'],
    ['ssh://me@engine.example:22', 'docker+ssh://me@engine.example:22'],
  ] as const) {
    assert.deepEqual(
      engineTarget(host, undefined, 'DOCKER_HOST').address.replace(/\/$/, ''),
      plain.replace(/\/$/, ''),
    )
    const withTls = engineTarget(host, tls, 'DOCKER_HOST')
    assert.equal(withTls.address.replace(/(?<!\/)\/$/, ''), secure?.replace(/\/$/, '') ?? plain)
    assert.equal(withTls.tls, secure === undefined ? undefined : tls, 'neither a Unix socket nor ssh has TLS')
  }
})

test('other schemes are refused with what to do, and without user info', () => {
  for (const [host, advice] of [
    ['npipe:////./pipe/docker_engine', /tcp:\/\/localhost:2375/],
    ['https://engine.example:2376', /DOCKER_TLS_VERIFY=1/],
    ['fd://3', undefined],
  ] as const)
    assert.throws(
      () => engineTarget(host, undefined, 'DOCKER_HOST'),
      (error: Error & { code?: string; subject?: string; advice?: string }) => {
        assert.equal(error.code, 'INVALID_OPTION')
        assert.equal(error.subject, 'DOCKER_HOST')
        assert.match(error.advice ?? '', advice ?? /^$/)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  for (const host of [
    'ssh://me:secret@engine.example',
    'tcp://me:secret@engine.example:1',
    'tcp://engine.example/path',
    'tcp://host:port',
    'unix://x',
  ])
    assert.throws(() => engineTarget(host, undefined, 'DOCKER_HOST'), {
      code: 'INVALID_OPTION',
      subject: 'DOCKER_HOST',
      received: JSON.stringify(printableAddress(host)),
    })
})

test('TLS is what the variables and the folder of certificates say', async () => {
  await using dir = await tempDir()
  const at = (name: string) => join(dir.path, name)
  assert.equal(await dockerTls({ DOCKER_CERT_PATH: dir.path }), undefined)
  const caFile = at('ca.pem')
  for (const env of [{ DOCKER_TLS_VERIFY: '1' }, { DOCKER_TLS: '1' }])
    assert.deepEqual(await dockerTls({ ...env, DOCKER_CERT_PATH: dir.path }), { caFile })
  await writeFile(at('cert.pem'), '')
  await writeFile(at('key.pem'), '')
  const whole = { caFile, certFile: at('cert.pem'), keyFile: at('key.pem') }
  assert.deepEqual(await dockerTls({ DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: dir.path }), whole)
  const home = join(dir.path, 'home')
  await mkdir(join(home, '.docker'), { recursive: true })
  assert.deepEqual(await dockerTls({ DOCKER_TLS_VERIFY: '1', HOME: home }), {
    caFile: join(home, '.docker/ca.pem'),
  })
})
