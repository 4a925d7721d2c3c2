import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Faults, type Target } from './faults.ts'

const call: Target = {
  service: 'depot.cli.v1.BuildService',
  method: 'GetBuildKitConnection',
  buildId: 'b1',
  platform: 'arm64',
}
const { method } = call

test('a fault strikes once unless it says otherwise', () => {
  const faults = new Faults()
  faults.add({ method, kind: 'silence' })
  assert.deepEqual([faults.take(call)?.kind, faults.take(call)?.kind], ['silence', undefined])
})

test('faults come one after the other, in the order of their addition', () => {
  const faults = new Faults()
  faults.add({ method, kind: 'pending', times: 2 })
  faults.add({ method, kind: 'error', code: 'unavailable' })
  const kinds = Array.from({ length: 4 }, () => faults.take(call)?.kind)
  assert.deepEqual(kinds, ['pending', 'pending', 'error', undefined])
})

test('calls pass before a fault that skips them', () => {
  const faults = new Faults()
  faults.add({ method, kind: 'reset', skip: 2, times: Number.POSITIVE_INFINITY })
  const kinds = Array.from({ length: 4 }, () => faults.take(call)?.kind)
  assert.deepEqual(kinds, [undefined, undefined, 'reset', 'reset'])
})

test('a fault that still skips does not keep a later one from striking', () => {
  const faults = new Faults()
  faults.add({ method, kind: 'reset', skip: 1 })
  faults.add({ method, kind: 'silence' })
  assert.deepEqual([faults.take(call)?.kind, faults.take(call)?.kind], ['silence', 'reset'])
})

test('a fault strikes only the method, service, build and platform that it aims at', () => {
  const faults = new Faults()
  faults.add({
    method: `depot.cli.v1.BuildService/${method}`,
    kind: 'silence',
    buildId: 'b1',
    platform: 'arm64',
  })
  assert.equal(faults.take({ ...call, method: 'GetBuild' }), undefined)
  assert.equal(faults.take({ ...call, service: 'depot.core.v1.BuildService' }), undefined)
  assert.equal(faults.take({ ...call, buildId: 'b2' }), undefined)
  assert.equal(faults.take({ ...call, platform: 'amd64' }), undefined)
  assert.equal(faults.take(call)?.kind, 'silence')
})

test('a fault can be taken back, and all can be', () => {
  const faults = new Faults()
  faults.add({ method, kind: 'silence' })()
  assert.equal(faults.take(call), undefined)
  faults.add({ method, kind: 'silence' })
  faults.clear()
  assert.equal(faults.take(call), undefined)
})
