import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followPaths } from '../../../src/fsutil/send/follow-paths.ts'

/** A tree of nothing but links, by their paths. */
function treeOf(links: Record<string, string>) {
  const asked: string[] = []
  return {
    asked,
    readLink: (path: string) => {
      asked.push(path)
      return Promise.resolve(links[path])
    },
    names: (directory: string) => {
      const prefix = directory === '' ? '' : `${directory}/`
      const paths = Object.keys(links).filter((path) => path.startsWith(prefix))
      const names = new Set(paths.map((path) => path.slice(prefix.length).split('/')[0]!))
      return Promise.resolve([...names].sort())
    },
  }
}

const cases: {
  what: string
  links?: Record<string, string>
  includes?: string[]
  paths: string[]
  result: string[]
}[] = [
  { what: 'a path without links stays as it is', paths: ['a/b', 'c'], result: ['a/b', 'c'] },
  { what: 'paths are cleaned and sorted', paths: ['./c//d/', '/b', 'x/../a'], result: ['a', 'b', 'c/d'] },
  { what: 'a path below another is left out', paths: ['a/b', 'a', 'ab'], result: ['a', 'ab'] },
  { what: 'the root means everything', paths: ['a', '/'], includes: ['b'], result: ['b'] },
  { what: 'the root as the only path filters nothing', paths: ['.'], result: [] },
  {
    what: 'a link is taken together with its target',
    links: { link: 'target' },
    paths: ['link'],
    result: ['link', 'target'],
  },
  {
    what: 'a link in the middle is taken with the rest of the path behind its target',
    links: { 'a/link': '../b' },
    paths: ['a/link/c/d'],
    result: ['a/link', 'b/c/d'],
  },
  {
    what: 'two paths through one link are both followed',
    links: { link: 'target' },
    paths: ['link/x', 'link/y'],
    result: ['link', 'target/x', 'target/y'],
  },
  {
    what: 'links are followed one after the other',
    links: { a: 'b', b: 'c' },
    paths: ['a'],
    result: ['a', 'b', 'c'],
  },
  {
    what: 'an absolute target starts at the root',
    links: { 'a/link': '/b/./c' },
    paths: ['a/link'],
    result: ['a/link', 'b/c'],
  },
  {
    what: 'no target leads above the root',
    links: { 'a/link': '../../../../b' },
    paths: ['a/link'],
    result: ['a/link', 'b'],
  },
  { what: 'a link to the root means everything', links: { link: '.' }, paths: ['link'], result: [] },
  { what: 'a loop ends', links: { a: 'b', b: 'a' }, paths: ['a/x'], result: ['a', 'b'] },
  {
    what: 'a loop that grows ends',
    links: { a: 'a/b' },
    paths: ['a'],
    result: ['a'],
  },
  { what: 'a path above the root is kept and leads nowhere', paths: ['../a'], result: ['../a'] },
  {
    what: 'a wildcard is kept, and the links it matches are followed',
    links: { 'bin/a': '../x', 'bin/b': 'y', 'bin/c1': 'z' },
    paths: ['bin/?'],
    result: ['bin/?', 'bin/y', 'x'],
  },
  {
    what: 'a wildcard in the middle is followed through links',
    links: { 'a/link': '/b' },
    paths: ['a/*/c'],
    result: ['a/*', 'b/c'],
  },
  { what: 'a wildcard without links stays as it is', paths: ['a/*.js'], result: ['a/*.js'] },
  {
    what: 'a wildcard that cannot be read matches nothing',
    links: { a: 'b' },
    paths: ['[a'],
    result: ['[a'],
  },
  {
    what: 'what is found is added to the includes',
    links: { link: 'target' },
    includes: ['z', 'm'],
    paths: ['link'],
    result: ['z', 'm', 'link', 'target'],
  },
  {
    what: 'names that are no UTF-8 are kept',
    links: { 'l\xff': '\xfe' },
    paths: ['l\xff'],
    result: ['l\xff', '\xfe'],
  },
]
for (const { what, links = {}, includes = [], paths, result } of cases)
  test(what, async () => {
    assert.deepEqual(await followPaths(treeOf(links), includes, paths), result)
  })

test('nothing above the root is asked for', async () => {
  const tree = treeOf({ up: '../../x' })
  await followPaths(tree, [], ['../a', '../../b/*', 'up/../../c', '..'])
  assert.deepEqual(
    tree.asked.filter((path) => path.startsWith('..') || path.startsWith('/')),
    [],
  )
})
