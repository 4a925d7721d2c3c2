import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDump } from '../../../src/fsutil/send/getfattr.ts'

test('a dump is read entry by entry, attribute by attribute', () => {
  const dump = [
    '# file: /a/one',
    'security.capability=0sAQAAAg==',
    'user.empty=0s',
    '',
    '# file: /a/two # file: x',
    'user.k=0sdg==',
    '',
    '',
  ].join('\n')
  assert.deepEqual(
    parseDump(dump),
    new Map([
      [
        '/a/one',
        new Map([
          ['security.capability', Buffer.from([1, 0, 0, 2])],
          ['user.empty', Buffer.alloc(0)],
        ]),
      ],
      ['/a/two # file: x', new Map([['user.k', Buffer.from('v')]])],
    ]),
  )
})

test('escaped characters of paths and names come back, and other bytes stay', () => {
  const dump = '# file: /new\\012line\\134\xff =\nuser.a\\075b\\012\\134\xff=0sAA==\n\n'
  assert.deepEqual(
    parseDump(dump),
    new Map([['/new\nline\\\xff =', new Map([['user.a=b\n\\\xff', Buffer.from([0])]])]]),
  )
})

test('attributes that only their own system can use are left out', () => {
  const dump = '# file: /a\ncom.apple.quarantine=0sAA==\nuser.com.apple.x=0sAQ==\n\n'
  assert.deepEqual(parseDump(dump), new Map([['/a', new Map([['user.com.apple.x', Buffer.from([1])]])]]))
})

test('an empty dump has no entries', () => {
  assert.deepEqual(parseDump(''), new Map())
})
