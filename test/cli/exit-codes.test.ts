import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BuildkitError, type ErrorCode } from '../../src/base/errors.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { SolveError } from '../../src/solve/failure/solve-error.ts'

const cases: Record<number, ErrorCode[]> = {
  1: ['SOLVE_FAILED', 'CONTEXT_FAILED', 'EXPORT_FAILED', 'CREDENTIALS_FAILED', 'RPC_FAILED', 'UNSAFE_PATH'],
  2: ['INVALID_OPTION', 'UNSUPPORTED'],
  3: ['NO_DAEMON', 'UNREACHABLE', 'TLS_FAILED', 'TIMEOUT', 'CONNECTION_LOST', 'SESSION_LOST'],
  130: ['CANCELLED'],
}

for (const [exitCode, codes] of Object.entries(cases)) {
  test(`${codes.join(', ')} end with ${exitCode}`, () => {
    for (const code of codes) assert.equal(exitCodeOf(new BuildkitError(code, 'x')), Number(exitCode), code)
  })
}

test('what nobody has foreseen ends with 1', () => {
  assert.equal(exitCodeOf(new TypeError('x')), 1)
  assert.equal(exitCodeOf('x'), 1)
})

test('a build that failed at the daemon ends with 1, also for a registry that cannot be reached', () => {
  for (const code of ['UNREACHABLE', 'TLS_FAILED', 'TIMEOUT'] as const) {
    assert.equal(exitCodeOf(new SolveError(code, 'x', { ref: 'r', grpcCode: 2 }, {})), 1, code)
    assert.equal(exitCodeOf(new SolveError(code, 'x', { ref: 'r' }, {})), 3, code)
  }
})
