import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildkitSockets, engineSockets } from '../../src/daemon/well-known.ts'

test('root’s sockets come before those of this user', () => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1000', HOME: '/home/me' }
  assert.deepEqual(engineSockets(env), [
    '/var/run/docker.sock',
    '/run/user/1000/docker.sock',
    '/home/me/.docker/run/docker.sock',
  ])
  assert.deepEqual(buildkitSockets(env), [
    '/run/buildkit/buildkitd.sock',
    '/run/user/1000/buildkit/buildkitd.sock',
  ])
})

test('a user without folders has only root’s sockets', () => {
  const env = { XDG_RUNTIME_DIR: '', HOME: undefined }
  assert.deepEqual(engineSockets(env), ['/var/run/docker.sock'])
  assert.deepEqual(buildkitSockets(env), ['/run/buildkit/buildkitd.sock'])
})
