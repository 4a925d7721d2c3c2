import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../../src/base/errors.ts'
import { resetError } from '../../../src/grpc/call-status.ts'
import { Code, RpcError, rpcFailed } from '../../../src/grpc/status.ts'
import { FailureContext } from '../../../src/solve/failure/failure-context.ts'
import { SolveError, solveError } from '../../../src/solve/failure/solve-error.ts'

/** The error of a build that has ended with this one, after a step had failed with these words. */
function failure(error: unknown, words?: string, handlerError?: unknown): SolveError {
  const context = new FailureContext()
  if (words !== undefined) context.add({ vertexes: [{ digest: 'v', name: 'RUN x', error: words }] })
  const made = solveError({
    ref: 'r',
    error,
    context,
    handlerErrors: [{ method: '/s/M', key: undefined, error: handlerError }],
    hasAuth: false,
    cancelled: undefined,
  })
  assert.ok(made instanceof SolveError)
  return made
}

describe('solveError', () => {
  it('has the words of an answer, with the name of a code that says something', () => {
    const answer = (code: number) => new RpcError(code, 'no', { isAnswer: true })
    assert.equal(failure(answer(Code.Unknown), 'step').message, 'failed to solve: no')
    assert.equal(failure(answer(Code.NotFound)).message, 'failed to solve: NotFound: no')
  })

  it('has those of the failed step for a reset, and no code of HTTP/2', () => {
    const reset = resetError(2, undefined)
    const told = failure(reset, 'process failed: exit code: 3')
    assert.equal(told.shortMessage, 'failed to solve: process failed: exit code: 3')
    assert.deepEqual([told.code, told.grpcCode, told.exitCode], ['SOLVE_FAILED', undefined, 3])
    const untold = failure(reset)
    assert.equal(
      untold.shortMessage,
      'failed to solve: the answer of the daemon has not arrived; it is probably too large',
    )
    assert.equal(untold.cause, reset)
    const refused = failure(new RpcError(Code.Unavailable, 'the daemon refused the call'))
    assert.equal(refused.shortMessage, 'failed to solve: the daemon refused the call')
  })

  it('has nothing in its words that drives a terminal', () => {
    const answer = new RpcError(Code.Unknown, 'bad \x1b]0;title\x07 line\r\nnext', { isAnswer: true })
    assert.equal(failure(answer).message, 'failed to solve: bad \ufffd]0;title\ufffd line\nnext')
    assert.equal(rpcFailed('/m', answer).message, '/m: Unknown: bad \ufffd]0;title\ufffd line\nnext')
  })

  it('says what came where it was no answer, and does not take it for one that is too large', () => {
    const broken = failure(new RpcError(Code.Internal, 'the daemon replied more than once'))
    assert.equal(broken.message, 'failed to solve: the daemon replied more than once')
  })

  it('is our own error where the daemon repeats it, in its answer or as the reason of the failed step', () => {
    const ours = new BuildkitError('EXPORT_FAILED', `cannot write ${'x'.repeat(5_000)}`)
    const repeated = `rpc error: ${ours.message.slice(0, 3_000)}`
    const answer = (text: string) => new RpcError(Code.Unknown, text, { isAnswer: true })
    const lost = new BuildkitError('SESSION_LOST', 'the daemon has ended the session')
    for (const error of [
      failure(answer(repeated), undefined, ours),
      failure(answer('no such session'), repeated, ours),
      failure(new RpcError(Code.Internal, 'reset'), repeated, ours),
      failure(lost, repeated, ours),
    ]) {
      assert.equal(error.code, 'EXPORT_FAILED')
      assert.equal(error.cause, ours)
    }
    assert.equal(failure(answer('other'), 'another', ours).code, 'SOLVE_FAILED')
    assert.equal(failure(lost, 'another', ours).code, 'SESSION_LOST')
  })

  it('tells an exporter that the daemon lacks from one that there is not', () => {
    const missing = (type: string) =>
      failure(new RpcError(Code.Unknown, `exporter "${type}" could not be found`, { isAnswer: true }))
    assert.equal(missing('oci').code, 'UNSUPPORTED')
    assert.match(missing('oci').advice!, /^A Docker Engine without the containerd image store/)
    assert.equal(missing('erofs').advice, 'Check the type of the export, or use a newer daemon')
  })

  it('cuts words that would fill a screen, and keeps their end', () => {
    const answer = new RpcError(Code.Unknown, `process ${'x'.repeat(100_000)} failed: exit code: 4`, {
      isAnswer: true,
    })
    const { message } = failure(answer)
    assert.ok(message.length < 9_000)
    assert.match(message, /^failed to solve: process x+ \.\.\. x+ failed: exit code: 4$/)
  })
})
