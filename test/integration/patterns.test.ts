import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { messageOf } from '../../src/base/errors.ts'
import { connect } from '../../src/buildkit.ts'
import { createFilter, type Filter } from '../../src/fsutil/patterns/filter.ts'
import { Random } from '../fsutil/random.ts'
import { part } from '../support/parts.ts'
import { skipWithout } from '../support/skip.ts'
import { tempDir } from '../support/temp.ts'
import { treeOf } from '../support/tree.ts'

/** Directories are objects, files empty. */
interface Tree {
  readonly [name: string]: Tree | undefined
}

const tree: Tree = {
  a: { b: { c: undefined, 'x.c': undefined }, c: undefined, ab: { a: undefined } },
  ab: { b: undefined },
  b: { a: { b: undefined } },
  c: undefined,
  'x.c': undefined,
}

const pieces = ['a', 'b', 'ab', 'c', '*', '**', '/', '/', '?', '.c', 'a/b', '[ab]']
/** Of these the Go client learns only when it compiles them. */
const brokenPieces = ['\\c', '[b-a]', '\\e']

test('random pattern lists send what the Go client sends, and fail where it fails', {
  skip: skipWithout('patterns'),
}, async (t) => {
  const random = new Random(t)
  await using dir = await tempDir()
  await make(dir.path, tree)
  const pattern = () => {
    const of = random.below(6) === 0 ? brokenPieces : pieces
    const text = [...random.list(2, () => random.of(pieces)), random.of(of)].join('')
    return random.of(['', '', '!']) + text
  }
  const requests = Array.from({ length: 2_000 }, () => ({
    root: dir.path,
    include: random.list(3, pattern),
    exclude: random.list(5, pattern),
  }))
  const input = requests.map((request) => JSON.stringify(request)).join('\n')
  const running = promisify(execFile)(part('patterns'), { maxBuffer: 64 << 20 })
  running.child.stdin!.end(input)
  const replies = (await running).stdout.trim().split('\n')
  let failures = 0
  for (const [index, { include, exclude }] of requests.entries()) {
    const expected = JSON.parse(replies[index]!) as { sent: string[]; error?: string }
    const lists = JSON.stringify({ include, exclude })
    let sent: string[]
    try {
      sent = walked(createFilter(include, exclude))
    } catch (error) {
      failures++
      assert.match(
        expected.error ?? `sent ${expected.sent}`,
        /syntax error in pattern|illegal exclusion/,
        lists,
      )
      assert.match(messageOf(error), /syntax error in pattern|illegal exclusion/, lists)
      continue
    }
    assert.equal(expected.error, undefined, lists)
    assert.deepEqual(sent, expected.sent, lists)
  }
  assert.ok(failures > 20 && failures < requests.length / 2, `${failures} lists have failed`)
})

test('an ignore file with a pattern that is never asked builds', {
  skip: skipWithout('daemon'),
}, async () => {
  await using dir = await tempDir()
  for (const [name, text] of [
    ['Dockerfile', 'FROM scratch\nCOPY x /\n'],
    ['.dockerignore', '*\na/b\\c\n!x\n'],
    ['x', 'kept'],
  ] as const)
    await writeFile(join(dir.path, name), text)
  const out = join(dir.path, 'out')
  await using buildkit = await connect(part('daemon'))
  await buildkit.solve({
    frontend: 'dockerfile.v0',
    localDirs: { context: dir.path, dockerfile: dir.path },
    exports: [{ type: 'local', outputDir: out }],
  }).result
  assert.deepEqual(await treeOf(out), { x: 'file 644 "kept"' })
})

async function make(path: string, entries: Tree): Promise<void> {
  for (const [name, below] of Object.entries(entries)) {
    if (below === undefined) await writeFile(join(path, name), '')
    else {
      await mkdir(join(path, name))
      await make(join(path, name), below)
    }
  }
}

/** What a walk sends: a directory also when something in it is sent. */
function walked(root: Filter): string[] {
  const sent: string[] = []
  const walk = (entries: Tree, filter: Filter, above: string, pending: readonly string[]) => {
    const waiting = [...pending]
    for (const name of Object.keys(entries).sort()) {
      const path = above + name
      const below = entries[name]
      const isSent = filter.sends(path, below !== undefined)
      if (isSent) sent.push(...waiting.splice(0), path)
      const inside = below && filter.enter(path)
      if (inside === undefined) continue
      const before = sent.length
      walk(below!, inside, `${path}/`, isSent ? [] : [...waiting, path])
      if (sent.length > before) waiting.length = 0
    }
  }
  walk(tree, root, '', [])
  return sent
}
