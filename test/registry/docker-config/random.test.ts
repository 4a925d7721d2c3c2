import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../fsutil/random.ts'
import { skipWithout } from '../../support/skip.ts'
import { configOf, dockers, ours } from './outcome.ts'

const configs = 60
const hosts = ['a.example', 'a.example:5000', 'registry-1.docker.io']

/** Of each host only one key is its own: among several Docker's choice is left to chance. */
const keys = [
  ['a.example', 'https://a.example', 'http://a.example/v1/', 'a.example/me', 'A.Example'],
  ['a.example:5000', 'https://a.example:5000/v2/', 'https://me@a.example:5000'],
  ['https://index.docker.io/v1/', 'docker.io'],
]

const helpers = {
  ok: `read key; printf '{"Username":"helper","Secret":"%s"}' "$key"`,
  none: `echo 'credentials not found in native keychain'; exit 1`,
  bad: 'exit 1',
}

/** The text of a config file with valid and broken parts. */
function randomConfig(random: Random): string {
  let count = 0
  const secret = () => `secret${count++}`
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const inAnyCase = (key: string) => (random.below(3) > 0 ? key : key.toUpperCase())
  const wrong = () => random.of(['null', '7', '[]', '""', '"x"'])
  const auth = () =>
    random.of([
      base64(`me:${secret()}`),
      base64(`me:${secret().repeat(20)}`).replace(/.{76}/g, '$&\n'),
      base64(`me:${secret()}\0`),
      base64('me:'),
      base64('nothing'),
      '!',
    ])
  const field = () => {
    const key = random.of(['auth', 'auth', 'identitytoken', 'registrytoken', 'username', 'password', 'email'])
    const value = random.below(20) === 0 ? wrong() : JSON.stringify(key === 'auth' ? auth() : secret())
    return `${JSON.stringify(inAnyCase(key))}:${value}`
  }
  const entry = () => (random.below(20) === 0 ? wrong() : `{${random.list(2, field).join()}}`)
  const map = (value: () => string) => {
    const own = keys.map((spellings) => random.of(spellings)).filter(() => random.below(3) > 0)
    return `{${own.map((key) => `${JSON.stringify(key)}:${value()}`).join()}}`
  }
  const helper = () =>
    random.below(20) === 0 ? wrong() : JSON.stringify(random.of(['ok', 'ok', 'none', 'bad', '']))
  const parts = [`${JSON.stringify(inAnyCase('auths'))}:${map(entry)}`]
  if (random.below(3) === 0) parts.push(`${JSON.stringify(inAnyCase('credHelpers'))}:${map(helper)}`)
  if (random.below(3) === 0) parts.push(`${JSON.stringify(inAnyCase('credsStore'))}:${helper()}`)
  return `{${parts.join()}}${random.of(['', '\n', ' x', '{}'])}`
}

test('where Docker finds credentials, ours are the same', {
  skip: skipWithout('dockerConfig'),
}, async (t) => {
  const random = new Random(t)
  let found = 0
  for (let i = 0; i < configs; i++) {
    const config = randomConfig(random)
    await using at = await configOf({ config, helpers })
    for (const host of hosts) {
      const expected = await dockers(at.env, host)
      if (expected === 'anonymous' || expected === 'error') continue
      found++
      assert.deepEqual(await ours(at.env, host), expected, `${host} in ${config}`)
    }
  }
  t.diagnostic(`${found} credentials`)
  assert.ok(found > 0)
})
