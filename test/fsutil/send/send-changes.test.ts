import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sendTree } from '../../../src/fsutil/send/send.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { fill } from './fill.ts'
import { everywhere, type Received, Receiver, transfer } from './receiver.ts'

/** What somebody does to a file after it was listed, and what arrives of it then. */
const changes: {
  what: string
  change: (path: string) => void
  arrives: string
  warning?: string
}[] = [
  {
    what: 'a file that has vanished',
    change: (path) => rmSync(path),
    arrives: '',
    warning: 'the file "file" is sent empty: ENOENT: no such file or directory',
  },
  {
    what: 'a file whose place a symlink has taken',
    change: (path) => {
      renameSync(path, `${path}.old`)
      symlinkSync('secret', path)
    },
    arrives: '',
    warning: 'the file "file" is sent empty: ELOOP: too many symbolic links encountered',
  },
  {
    what: 'a file whose place a fifo has taken',
    change: (path) => {
      rmSync(path)
      execFileSync('mkfifo', [path])
    },
    arrives: '',
    warning: 'the file "file" is sent empty: something else is in its place now',
  },
  {
    what: 'a file whose place a directory has taken',
    change: (path) => {
      rmSync(path)
      fill(path, { x: '' })
    },
    arrives: '',
    warning: 'the file "file" is sent empty: something else is in its place now',
  },
  {
    what: 'a file that was saved anew under its name',
    change: (path) => {
      writeFileSync(`${path}.new`, 'new contents')
      renameSync(`${path}.new`, path)
    },
    arrives: 'new contents',
  },
  {
    what: 'a file that has grown',
    change: (path) => appendFileSync(path, ' and more'),
    arrives: 'contents and more',
  },
  {
    what: 'a file that has grown a lot',
    change: (path) => appendFileSync(path, 'x'.repeat(1 << 20)),
    arrives: `contents${'x'.repeat(1 << 20)}`,
  },
  { what: 'a file that has been cut', change: (path) => truncateSync(path, 3), arrives: 'con' },
  { what: 'a file that has been emptied', change: (path) => truncateSync(path, 0), arrives: '' },
]
everywhere((where) => {
  for (const { what, change, arrives, warning } of changes)
    test(`${what} arrives as ${arrives === '' ? 'an empty one' : 'it is then'}`, async () => {
      await using dir = await tempDir()
      fill(dir.path, { file: 'contents', secret: 'secret' })
      const { contents, warnings } = await onceListed(dir, 'file', change)
      assert.equal(contents.get('file')?.toString(), arrives)
      assert.deepEqual(warnings, warning === undefined ? [] : [{ code: 'SKIPPED_ENTRY', message: warning }])
    })

  test('a file is not read through a symlink that has taken the place of its directory', async () => {
    await using outside = await tempDir()
    fill(outside.path, { file: 'secret' })
    await using dir = await tempDir()
    fill(dir.path, { 'd/file': 'contents' })
    const { contents, warnings } = await onceListed(dir, 'd/file', () => {
      renameSync(join(dir.path, 'd'), join(dir.path, 'old'))
      symlinkSync(outside.path, join(dir.path, 'd'))
    })
    assert.equal(contents.get('d/file')?.toString(), '')
    assert.equal(warnings[0]?.message, 'the file "d/file" is sent empty: something else is in its place now')
  })

  /** Enough directories that the last ones have not been listed when the first is sent. */
  const directories = Array.from({ length: 20 }, (_, index) => `d${String(index).padStart(2, '0')}`)

  test('a directory is not listed through a symlink that has taken its place', async () => {
    await using outside = await tempDir()
    fill(outside.path, { secret: 'secret' })
    await using dir = await tempDir()
    fill(dir.path, Object.fromEntries(directories.map((name) => [`${name}/file`, name])))
    const { stats } = await onceListed(dir, 'd00/file', () => {
      renameSync(join(dir.path, 'd19'), join(dir.path, 'old'))
      symlinkSync(outside.path, join(dir.path, 'd19'))
    })
    const paths = stats.map(({ path }) => path)
    assert.ok(paths.includes('d18/file') && paths.includes('d19'))
    assert.ok(!paths.includes('d19/file') && !paths.includes('d19/secret'))
  })

  test('a directory is not listed through a symlink above it', async () => {
    await using outside = await tempDir()
    fill(outside.path, Object.fromEntries(directories.map((name) => [`${name}/secret`, 'secret'])))
    await using dir = await tempDir()
    fill(dir.path, Object.fromEntries(directories.map((name) => [`up/${name}/file`, name])))
    const received = onceListed(dir, 'up/d00/file', () => {
      renameSync(join(dir.path, 'up'), join(dir.path, 'old'))
      symlinkSync(outside.path, join(dir.path, 'up'))
    })
    await assert.rejects(received, {
      message: /^cannot read "up\/d\d\d": the directory has been moved while it was read/,
    })
  })

  test('a directory that vanishes before it is listed is sent without entries', async () => {
    await using dir = await tempDir()
    fill(dir.path, Object.fromEntries(directories.map((name) => [`${name}/file`, name])))
    const { stats } = await onceListed(dir, 'd00/file', () =>
      rmSync(join(dir.path, 'd19'), { recursive: true }),
    )
    assert.deepEqual(
      stats.slice(-2).map(({ path }) => path),
      ['d18/file', 'd19'],
    )
  })

  test('a root that vanishes breaks off the transfer', async () => {
    await using dir = await tempDir()
    const root = join(dir.path, 'root')
    fill(root, { file: '' })
    const tree = {
      root,
      where,
      // Looked at between opening the root and listing it.
      get excludePatterns() {
        rmSync(root, { recursive: true })
        return []
      },
    }
    const receiver = new Receiver()
    await assert.rejects(sendTree(receiver.stream, tree), {
      code: 'CONTEXT_FAILED',
      message: /^cannot read the root of the context: ENOENT/,
    })
    assert.match(receiver.failure ?? '', /^cannot read the root of the context: ENOENT/)
  })

  const restricted = {
    skip:
      (process.getuid?.() !== 0 && 'only root can become somebody else and back') ||
      (where === 'process' && 'a process that is there already stays who it is'),
  }

  test('a file that cannot be opened breaks off the transfer', restricted, async () => {
    await using dir = await tempDir()
    fill(dir.path, { closed: 'secret', open: 'x' })
    chmodSync(join(dir.path, 'closed'), 0)
    await assert.rejects(
      asSomebodyElse(dir, () => transfer(dir.path)),
      { code: 'CONTEXT_FAILED', message: /^cannot read "closed": EACCES: permission denied/ },
    )
    const { contents } = await asSomebodyElse(dir, () =>
      transfer({ root: dir.path, excludePatterns: ['closed'] }),
    )
    assert.equal(contents.get('open')?.toString(), 'x')
  })

  test('a directory that cannot be listed breaks off the transfer', restricted, async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'closed/file': '' })
    chmodSync(join(dir.path, 'closed'), 0)
    const received = asSomebodyElse(dir, () => transfer(dir.path))
    await assert.rejects(received, {
      message: /^cannot read "closed": EACCES: permission denied/,
    })
  })

  test('a directory that cannot be listed is no matter when it is not sent', restricted, async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'closed/file': '', 'open/file': '' })
    chmodSync(join(dir.path, 'closed'), 0)
    const tree = { root: dir.path, includePatterns: ['*/file'] }
    const { stats } = await asSomebodyElse(dir, () => transfer(tree))
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['open', 'open/file'],
    )
    const excluded = await asSomebodyElse(dir, () =>
      transfer({ root: dir.path, excludePatterns: ['closed'] }),
    )
    assert.equal(excluded.stats.length, 2)
  })

  test('an entry that cannot be looked at is no matter when it is not sent', restricted, async () => {
    await using dir = await tempDir()
    fill(dir.path, { 'd/a': '', 'd/b': '' })
    chmodSync(join(dir.path, 'd'), 0o744)
    const tree = { root: dir.path, excludePatterns: ['d/*'] }
    const { stats } = await asSomebodyElse(dir, () => transfer(tree))
    assert.deepEqual(
      stats.map(({ path }) => path),
      ['d'],
    )
    const received = asSomebodyElse(dir, () => transfer({ root: dir.path, excludePatterns: ['d/a'] }))
    await assert.rejects(received, {
      message: /^cannot read "d\/b": EACCES: permission denied/,
    })
  })

  test('a file that cannot be read to its end breaks off the transfer', async () => {
    const receiver = new Receiver()
    const tree = { root: '/proc/self', includePatterns: ['mem'], where }
    await assert.rejects(sendTree(receiver.stream, tree), {
      code: 'CONTEXT_FAILED',
      message: /^cannot read "mem": EIO: i\/o error/,
    })
  })
})

/** Sends a directory and changes it right after the entry is listed, before it is asked for. */
function onceListed(dir: TempDir, path: string, change: (path: string) => void): Promise<Received> {
  return transfer(dir.path, {
    onStat: (stat) => {
      if (stat.path === path) change(join(dir.path, path))
    },
  })
}

/** Node's threads change with the process. */
async function asSomebodyElse<T>(dir: TempDir, work: () => Promise<T>): Promise<T> {
  chmodSync(dir.path, 0o755)
  process.seteuid!(65534)
  try {
    return await work()
  } finally {
    process.seteuid!(0)
  }
}
