import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const document = await readFile(new URL('CONTRIBUTING.md', root), 'utf8')
const [, table = ''] = /<!-- wire rules -->(.*)<!-- end of wire rules -->/s.exec(document) ?? []
const rows = [...table.matchAll(/^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \|$/gm)]

test('the table of wire rules has twenty rows and more, each of its own file', () => {
  assert.equal(rows.length, table.split('\n').filter((line) => line.startsWith('| ')).length - 1)
  assert.ok(rows.length >= 20, `${rows.length} rows`)
  assert.equal(new Set(rows.map(([, , file]) => file)).size, rows.length)
})

for (const [, rule, file, symbol] of rows)
  test(`${file} holds the rule: ${rule}`, async () => {
    assert.ok((await readFile(new URL(file!, root), 'utf8')).includes(symbol!), `no ${symbol} in ${file}`)
  })

test('every command of the table is one of the package', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
  const commands = [...document.matchAll(/`npm run ([a-z:]+)/g)].map(([, name]) => name!)
  assert.ok(commands.length > 5)
  for (const name of commands) assert.ok(Object.hasOwn(scripts, name), `there is no npm run ${name}`)
  for (const name of ['verify', 'mutate'])
    assert.ok(commands.includes(name), `${name} is not in CONTRIBUTING.md`)
})
