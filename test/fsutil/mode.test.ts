import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goMode, isDirectory, isRegular, isSymlink, posixMode } from '../../src/fsutil/mode.ts'

const cases = [
  { what: 'a file', posix: 0o100644, go: 0x000001a4 },
  { what: 'a directory', posix: 0o040755, go: 0x800001ed },
  { what: 'a sticky directory', posix: 0o041777, go: 0x801001ff },
  { what: 'a symlink', posix: 0o120777, go: 0x080001ff },
  { what: 'a setuid file', posix: 0o104755, go: 0x008001ed },
  { what: 'a setgid directory', posix: 0o042750, go: 0x804001e8 },
  { what: 'a character device', posix: 0o020666, go: 0x042001b6 },
  { what: 'a block device', posix: 0o060660, go: 0x040001b0 },
  { what: 'a fifo', posix: 0o010644, go: 0x020001a4 },
  { what: 'a socket', posix: 0o140755, go: 0x010001ed },
]

for (const { what, posix, go } of cases) {
  test(`${what} has the same mode there and back`, () => {
    assert.equal(goMode(posix), go)
    assert.equal(posixMode(go), posix)
  })
}

test('a type that POSIX does not have is irregular, and has no type on the way back', () => {
  assert.equal(goMode(0o150644), 0x000801a4)
  assert.equal(posixMode(0x000801a4), 0o644)
})

test('bits that POSIX does not have are dropped', () => {
  assert.equal(posixMode(0x70000000 | 0o640), 0o100640)
})

test('only a mode without type bits is regular', () => {
  for (const { go } of cases) assert.equal(isRegular(go), go === 0x000001a4 || go === 0x008001ed)
  assert.equal(isRegular(0x000801a4), false)
})

test('directories and symlinks are told by their bit', () => {
  assert.deepEqual([0x800001ed, 0x080001ff, 0o644].map(isDirectory), [true, false, false])
  assert.deepEqual([0x800001ed, 0x080001ff, 0o644].map(isSymlink), [false, true, false])
})
