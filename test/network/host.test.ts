import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bracketed, hostnameOf, isLoopback } from '../../src/network/host.ts'

for (const host of ['localhost', 'LOCALHOST:5000', '127.0.0.1', '127.9.9.9:80', '::1', '[::1]', '[::1]:5000'])
  test(`${host} is this machine`, () => assert.ok(isLoopback(host)))

for (const host of [
  'localhost.example',
  'a.localhost',
  '127.0.0.1.example',
  '127.300.1.1',
  '128.0.0.1',
  '[::2]',
  '',
])
  test(`${JSON.stringify(host)} is another machine`, () => assert.ok(!isLoopback(host)))

test('a port is left off a host, and not off an IPv6 address', () => {
  assert.deepEqual(['A.b:5000', '[::1]:5000', '::1', 'a'].map(hostnameOf), ['a.b', '[::1]', '::1', 'a'])
})

test('an IPv6 address is put into brackets, anything else is left alone', () => {
  assert.deepEqual(['::1', '127.0.0.1', 'host'].map(bracketed), ['[::1]', '127.0.0.1', 'host'])
})
