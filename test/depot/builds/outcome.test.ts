import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../../src/base/errors.ts'
import { BuildRecord } from '../../../src/depot/builds/outcome.ts'
import { SolveError } from '../../../src/solve/failure/solve-error.ts'

const failure = (message: string) => new BuildkitError('SOLVE_FAILED', message)
const lost = new BuildkitError('MACHINE_LOST', 'lost')
const cancelled = new BuildkitError('CANCELLED', 'cancelled')

describe('the outcome of a build', () => {
  it('is failed without any solve', () => {
    assert.equal(new BuildRecord().outcome.status, 'failed')
  })

  it('is the worst of its solves: a failure before a cancellation, that before a success', () => {
    const record = new BuildRecord()
    record.succeeded()
    assert.deepEqual(record.outcome, { status: 'success' })
    record.failed('amd64', cancelled)
    assert.deepEqual(record.outcome, { status: 'cancelled' })
    record.failed('amd64', failure('first'))
    record.failed('arm64', failure('second'))
    assert.deepEqual(record.outcome, { status: 'failed', error: 'first' })
  })

  it('is cancelled for a connection closed from here, and for a daemon that answers Canceled', () => {
    const closed = new BuildkitError('CLOSED', 'closed')
    const answered = new SolveError('SOLVE_FAILED', 'Canceled: x', { ref: 'r', grpcCode: 1 }, {})
    for (const error of [closed, answered]) {
      const record = new BuildRecord()
      record.failed('amd64', error)
      assert.deepEqual(record.outcome, { status: 'cancelled' })
    }
  })

  it('forgives each lost machine for one solve on a fresh one of that platform', () => {
    const record = new BuildRecord()
    record.failed('arm64', lost)
    record.failed('arm64', lost)
    record.started('amd64')
    record.started('arm64')
    record.succeeded()
    assert.deepEqual(record.outcome, { status: 'failed', error: 'lost' })
    record.started('arm64')
    record.succeeded()
    assert.deepEqual(record.outcome, { status: 'success' })
  })

  it('does not forgive a failure of the build itself', () => {
    const record = new BuildRecord()
    record.failed('arm64', failure('exit code 1'))
    record.started('arm64')
    record.succeeded()
    assert.deepEqual(record.outcome, { status: 'failed', error: 'exit code 1' })
  })

  it('is failed for a machine that could not be had, until a solve starts on one after all', () => {
    const record = new BuildRecord()
    record.succeeded()
    record.setback('arm64', new BuildkitError('TIMEOUT', 'no machine'))
    assert.deepEqual(record.outcome, { status: 'failed', error: 'no machine' })
    record.started('arm64')
    assert.deepEqual(record.outcome, { status: 'success' })
  })

  it('is cancelled by the caller, whatever went well before', () => {
    const record = new BuildRecord()
    record.succeeded()
    record.cancelled()
    assert.deepEqual(record.outcome, { status: 'cancelled' })
  })

  it('is cancelled for waiting that was cancelled', () => {
    const record = new BuildRecord()
    record.setback('arm64', cancelled)
    assert.deepEqual(record.outcome, { status: 'cancelled' })
  })
})
