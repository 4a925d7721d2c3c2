import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { authorityKey, publicKeyOf, signed, TokenSeeds } from '../../../src/session/auth/token-authority.ts'
import { tempDir } from '../../support/temp.ts'

const salt = Buffer.from('salt')
const payload = Buffer.from('payload')

describe('authorityKey', () => {
  // Made with the Go client's own algorithm: a seed of the bytes 0 to 15, and none.
  const vectors = [
    {
      name: 'with a seed',
      seed: Buffer.from([...Array(16).keys()]),
      publicKey: 'ff0114ce493315b81ec7083ea8c12dd37b71b81c52333ae83d61a70baadb1eaf',
      signed:
        'd7c61c2a12565d88b5cc5eceb42c13595da7a4a7408dbf5d8d8a28c69148613a' +
        '0a6888c3dbde8f92aa9236035eb23f78fb9bc9b0f7a4fbe629e6d4f0985d8703' +
        '7061796c6f6164',
    },
    {
      name: 'without a seed',
      seed: undefined,
      publicKey: 'a7878eff9d42de4f00cb8529dd435d19412c60bc1526483e7c5c3e6325d7ab26',
      signed:
        '68eb4a9915df6bbb71588a1db0b3902ef0c3ba6639d11ebc2644f6725ae0c736' +
        '9a686faa764e9c4f85c84871ab332f9a6f98270728e0aa5e7dbfae8dcf44f305' +
        '7061796c6f6164',
    },
  ]
  for (const { name, seed, publicKey, signed: signature } of vectors) {
    it(`is the same as the Go client's, ${name}`, () => {
      const key = authorityKey(salt, seed)
      assert.equal(publicKeyOf(key).toString('hex'), publicKey)
      assert.equal(signed(key, payload).toString('hex'), signature)
    })
  }

  it('signs so that the public key verifies it', () => {
    const key = authorityKey(salt, Buffer.from('seed'))
    const whole = signed(key, payload)
    assert.equal(whole.length, 64 + payload.length)
    assert.ok(verify(null, payload, createPublicKey(key), whole.subarray(0, 64)))
    assert.deepEqual(whole.subarray(64), payload)
  })

  it('is another for another salt, and for another seed', () => {
    const keys = [
      authorityKey(salt, Buffer.from('one')),
      authorityKey(salt, Buffer.from('two')),
      authorityKey(Buffer.from('pepper'), Buffer.from('one')),
      authorityKey(Buffer.alloc(0), Buffer.from('one')),
    ]
    assert.equal(new Set(keys.map((key) => publicKeyOf(key).toString('hex'))).size, keys.length)
  })
})

describe('TokenSeeds', () => {
  it('keeps seeds in .token_seed, readable by their owner only', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, '.token_seed')
    const seed = await new TokenSeeds(() => dir.path).seedOf('registry.example')
    assert.equal(seed.length, 16)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const text = `{\n  "registry.example": {\n    "Seed": "${seed.toString('base64')}"\n  }\n}`
    assert.equal(await readFile(file, 'utf8'), text)
    assert.deepEqual(await readdir(dir.path), ['.token_seed'])
    assert.deepEqual(await new TokenSeeds(() => dir.path).seedOf('registry.example'), seed)
  })

  it('uses the seeds of other clients and adds its own', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, '.token_seed')
    const theirs = { 'a.example': { Seed: Buffer.from('0123456789abcdef').toString('base64') } }
    await writeFile(file, JSON.stringify(theirs), { mode: 0o644 })
    const seeds = new TokenSeeds(() => dir.path)
    assert.equal((await seeds.seedOf('a.example')).toString(), '0123456789abcdef')
    const own = await seeds.seedOf('b.example')
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
      ...theirs,
      'b.example': { Seed: own.toString('base64') },
    })
  })

  it('writes through a link, and keeps the mode, the owner and the other names of the file', async () => {
    await using dir = await tempDir()
    const target = join(dir.path, 'seeds')
    const own = join(dir.path, 'own')
    await mkdir(own)
    await writeFile(target, '{}')
    await chmod(target, 0o640)
    await link(target, join(dir.path, 'other name'))
    await symlink('../seeds', join(own, '.token_seed'))
    const before = await stat(target)
    const seed = await new TokenSeeds(() => own).seedOf('a.example')
    const after = await stat(target)
    assert.ok((await lstat(join(own, '.token_seed'))).isSymbolicLink())
    for (const field of ['ino', 'mode', 'uid', 'gid', 'nlink'] as const)
      assert.equal(after[field], before[field], field)
    assert.equal(after.mode & 0o777, 0o640)
    assert.equal(JSON.parse(await readFile(target, 'utf8'))['a.example'].Seed, seed.toString('base64'))
    assert.deepEqual(await readdir(own), ['.token_seed'])
  })

  it('creates what a link names that leads to nothing, readable by its owner only', async () => {
    await using dir = await tempDir()
    await mkdir(join(dir.path, 'own'))
    await symlink('../seeds', join(dir.path, 'own', '.token_seed'))
    const seed = await new TokenSeeds(() => join(dir.path, 'own')).seedOf('a.example')
    const target = join(dir.path, 'seeds')
    assert.equal(JSON.parse(await readFile(target, 'utf8'))['a.example'].Seed, seed.toString('base64'))
    assert.equal((await stat(target)).mode & 0o777, 0o600)
  })

  it('leaves nothing behind the text of a file that was longer', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, '.token_seed')
    await writeFile(file, `{"a.example": broken ${'x'.repeat(1000)}`)
    await new TokenSeeds(() => dir.path).seedOf('b.example')
    assert.deepEqual(Object.keys(JSON.parse(await readFile(file, 'utf8'))), ['b.example'])
  })

  it('gives each host its own, and always the same', async () => {
    await using dir = await tempDir()
    const seeds = new TokenSeeds(() => dir.path)
    const [first, again, other] = await Promise.all(['a', 'a', 'b'].map((host) => seeds.seedOf(host)))
    assert.deepEqual(first, again)
    assert.notDeepEqual(first, other)
  })

  it('loses none when many write at once', async () => {
    await using dir = await tempDir()
    const hosts = Array.from({ length: 12 }, (_, i) => `h${i % 6}.example`)
    const seeds = await Promise.all(hosts.map((host) => new TokenSeeds(() => dir.path).seedOf(host)))
    const stored = JSON.parse(await readFile(join(dir.path, '.token_seed'), 'utf8'))
    for (const [index, host] of hosts.entries())
      assert.equal(stored[host].Seed, seeds[index]!.toString('base64'), host)
    assert.equal(Object.keys(stored).length, 6)
  })

  const broken = [
    '',
    '{"a.example"',
    'null',
    '[]',
    '7',
    '{"registry.example":null}',
    '{"registry.example":{"Seed":7}}',
  ]
  for (const text of broken) {
    it(`replaces a file that holds ${JSON.stringify(text)}`, async () => {
      await using dir = await tempDir()
      const file = join(dir.path, '.token_seed')
      await writeFile(file, text)
      const seed = await new TokenSeeds(() => dir.path).seedOf('registry.example')
      assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
        'registry.example': { Seed: seed.toString('base64') },
      })
    })
  }

  it('takes over from a process that died while it wrote', async () => {
    await using dir = await tempDir()
    const left = join(dir.path, '.token_seed.new')
    await writeFile(left, 'half')
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(left, longAgo, longAgo)
    const seed = await new TokenSeeds(() => dir.path).seedOf('registry.example')
    const stored = JSON.parse(await readFile(join(dir.path, '.token_seed'), 'utf8'))
    assert.equal(stored['registry.example'].Seed, seed.toString('base64'))
    assert.deepEqual(await readdir(dir.path), ['.token_seed'])
  })

  it('does not wait for ever for one that writes, and touches nothing of it', async () => {
    await using dir = await tempDir()
    const left = join(dir.path, '.token_seed.new')
    await writeFile(left, 'half')
    const seeds = new TokenSeeds(() => dir.path)
    const seed = await seeds.seedOf('registry.example')
    assert.equal(seed.length, 16)
    assert.deepEqual(await seeds.seedOf('registry.example'), seed)
    assert.deepEqual(await readdir(dir.path), ['.token_seed.new'])
    assert.equal(await readFile(left, 'utf8'), 'half')
  })

  it('keeps seeds in memory where there is no folder, or none that can be used, and makes none', async () => {
    await using dir = await tempDir()
    const file = join(dir.path, 'file')
    await writeFile(file, '')
    await mkdir(join(dir.path, 'odd', '.token_seed'), { recursive: true })
    await symlink('nowhere', join(dir.path, 'dangling'))
    for (const name of ['absent', 'file', 'odd', 'dangling']) {
      const seeds = new TokenSeeds(() => join(dir.path, name))
      const seed = await seeds.seedOf('registry.example')
      assert.equal(seed.length, 16, name)
      assert.deepEqual(await seeds.seedOf('registry.example'), seed, name)
    }
    assert.deepEqual((await readdir(dir.path, { recursive: true })).sort(), [
      'dangling',
      'file',
      'odd',
      join('odd', '.token_seed'),
    ])
    const memory = new TokenSeeds()
    assert.deepEqual(await memory.seedOf('a'), await memory.seedOf('a'))
    assert.notDeepEqual(await memory.seedOf('a'), await new TokenSeeds().seedOf('a'))
  })

  it('is not led astray by hosts that every object has', async () => {
    await using dir = await tempDir()
    for (const host of ['__proto__', 'constructor']) {
      const seed = await new TokenSeeds(() => dir.path).seedOf(host)
      assert.equal(seed.length, 16)
    }
    const stored = JSON.parse(await readFile(join(dir.path, '.token_seed'), 'utf8'))
    assert.ok(Object.hasOwn(stored, 'constructor'))
  })
})
