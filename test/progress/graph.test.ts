import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Changes, Graph, type Step } from '../../src/progress/graph.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { at, item, log, vertex, warning } from './build.ts'
import { growth } from './growth.ts'

function graphOf(...statuses: SolveStatus[]): Graph {
  const graph = new Graph()
  for (const status of statuses) graph.apply(status)
  return graph
}

/** What a graph reports, as `kind: step text`. */
function reported(...statuses: SolveStatus[]): string[] {
  const said: string[] = []
  const changes: Changes = {
    step: (step) => said.push(`step: ${step.name} ${step.state}`),
    item: (step, { name }) => said.push(`item: ${step.name} ${name}`),
    warning: (step, text) => said.push(`warning: ${step.name} ${text}`),
    log: (step, { text }) => said.push(`log: ${step.name} ${text}`),
  }
  const graph = new Graph(changes)
  for (const status of statuses) graph.apply(status)
  return said
}

const names = (graph: Graph) => graph.steps.map(({ name }) => name)
const states = (graph: Graph) => graph.steps.map(({ state }) => state)

describe('Graph', () => {
  it('knows announced steps, and shows those that have begun, in that order', () => {
    const graph = graphOf(vertex('a'), vertex('b'), vertex('c'), vertex('b', 1), vertex('a', 2))
    assert.deepEqual(names(graph), ['b', 'a'])
    assert.equal(graph.known, 3)
    assert.equal(graph.startedAt, Date.parse(at(1)))
    assert.equal(graph.latest, Date.parse(at(2)))
  })

  it('tells how each step ended', () => {
    const graph = graphOf(
      vertex('runs', 0),
      vertex('done', 0, 1),
      vertex('cached', 0, 0, { cached: true }),
      vertex('failed', 0, 1, { error: 'exit code: 1' }),
      vertex('canceled', 0, 1, { error: 'exit code: 137: context canceled' }),
    )
    assert.deepEqual(states(graph), ['running', 'done', 'cached', 'failed', 'canceled'])
  })

  it('runs a step again that starts again, and adds its times', () => {
    const graph = graphOf(vertex('a', 0, 1), vertex('a', 5))
    assert.deepEqual(states(graph), ['running'])
    graph.apply(vertex('a', 5, 7))
    assert.deepEqual(states(graph), ['done'])
    assert.equal(graph.steps[0]!.intervals.total(0), 3000)
  })

  it('is not reset by a late announcement, and reports nothing that it knows already', () => {
    const [started, ended] = [vertex('a', 0), vertex('a', 0, 1)]
    assert.deepEqual(reported(vertex('a'), started, started, vertex('a'), ended, ended, vertex('a')), [
      'step: a running',
      'step: a done',
    ])
  })

  it('keeps the name that a step had first', () => {
    assert.deepEqual(names(graphOf(vertex('a'), vertex('a', 0, undefined, { name: 'b' }))), ['a'])
  })

  it('reports items that have started, warnings once, and output', () => {
    assert.deepEqual(
      reported(
        vertex('a', 0),
        { statuses: [{ id: 'waits', vertex: 'a', current: 0, timestamp: at(0) }] },
        item('a', 'moves', 1),
        warning('a', 'Careful'),
        warning('a', 'Careful'),
        warning('a', 'Careful', 2),
        log('a', 1, 'one\ntwo'),
      ),
      [
        'step: a running',
        'item: a moves',
        'warning: a Careful',
        'warning: a Careful',
        'log: a one',
        'log: a two',
      ],
    )
  })

  it('times output from the start of the latest run', () => {
    const graph = graphOf(vertex('a', 0, 1), vertex('a', 10), log('a', 10.5, 'x\n'))
    assert.deepEqual(graph.log(graph.steps[0]!)?.lines, [{ seconds: 0.5, text: 'x' }])
  })

  it('keeps the log of a step that runs, failed or was cancelled, and drops the others', () => {
    const graph = graphOf(
      ...['a', 'b', 'c', 'd'].flatMap((name) => [vertex(name, 0), log(name, 1, `${name}\n`)]),
    )
    graph.apply(vertex('b', 0, 1))
    graph.apply(vertex('c', 0, 1, { error: 'failed' }))
    graph.apply(vertex('d', 0, 1, { error: 'context canceled' }))
    assert.deepEqual(
      graph.steps.map((step) => graph.log(step)?.lines.map(({ text }) => text)),
      [['a'], undefined, ['c'], ['d']],
    )
  })

  it('ignores what belongs to no known vertex', () => {
    assert.deepEqual(reported(item('?', 'x', 1), log('?', 1, 'x\n'), warning('?', 'x')), [])
    const nowhere: SolveStatus = {
      statuses: [{ id: 'x', current: 1, timestamp: at(1), started: at(0) }],
      logs: [{ data: 'eA==', timestamp: at(1) }],
      warnings: [{ short: 'eA==' }],
    }
    assert.deepEqual(reported(nowhere), [])
  })

  it('bears missing and senseless fields', () => {
    const odd = {
      vertexes: [{}, { digest: 'a', started: 'soon' }, { digest: 'b', started: at(0), completed: 'never' }],
      statuses: [{ vertex: 'b', started: at(0) }],
      logs: [
        { vertex: 'b', data: null, timestamp: '' },
        { vertex: 'b', stream: -1, data: '%%%', timestamp: 'x' },
        { vertex: 'b', data: 'eA==' },
      ],
      warnings: [{ vertex: 'b' }, { vertex: 'b', short: '\u0000' }],
    } as unknown as SolveStatus
    const graph = graphOf({}, odd, odd)
    assert.deepEqual(names(graph), ['b'])
    assert.equal(graph.known, 3)
    assert.deepEqual(graph.log(graph.steps[0]!)?.lines, [{ seconds: 0, text: 'xx' }])
  })

  it('names a step without a name by its digest', () => {
    assert.deepEqual(names(graphOf({ vertexes: [{ digest: 'sha256:1', started: at(0) }] })), ['sha256:1'])
  })

  it('lets no control sequence into names, items, warnings and errors, and one line stays one line', () => {
    const graph = graphOf(
      vertex('a', 0, 1, { name: 'RUN \x1b[2Ja\n#9 DONE', error: 'one\x1b]0;x\x07\r\ntwo\x9b1m' }),
      item('a', 'push\x1b[1A\ning', 1),
      warning('a', 'Care\nful\x07'),
    )
    const step = graph.steps[0]!
    assert.equal(step.name, 'RUN a #9 DONE')
    assert.equal(step.error, 'one\ntwo')
    assert.deepEqual(
      [...step.items.values()].map(({ name }) => name),
      ['push ing'],
    )
    assert.deepEqual([...step.warnings.values()], ['Care ful'])
  })

  it('keeps so many steps, items, warnings and logs, and no more', () => {
    const graph = new Graph()
    const many = (count: number, make: (n: number) => SolveStatus) => {
      for (let n = 0; n < count; n++) graph.apply(make(n))
    }
    many(40_000, (n) => vertex(`v${n}`, 0))
    many(40_000, (n) => item('v0', `i${n}`, 1))
    many(40_000, (n) => warning('v0', `w${n}`))
    many(1_000, (n) => vertex(`g${n}`, 0, 1, { progressGroup: { id: 'group' } }))
    many(2_000, (n) => log(`v${n}`, 1, 'x\n'))
    const [first] = graph.steps
    const entries = graph.steps.length + first!.items.size + first!.warnings.size
    assert.ok(entries > 100_000 && entries < 110_000, String(entries))
    assert.equal(graph.steps.filter((step) => graph.log(step) !== undefined).length, 1_000)
  })

  it('keeps so much text in names and errors, and no more', () => {
    const graph = new Graph()
    const long = 'x'.repeat(1 << 20)
    for (let n = 0; n < 100; n++) graph.apply(vertex(`v${n}`, 0, 1, { name: long }))
    assert.ok(graph.steps.length > 60 && graph.steps.length < 64, String(graph.steps.length))
    graph.apply(vertex('v0', 2, 3, { error: long }))
    assert.equal(graph.steps[0]!.error, undefined)
    graph.apply(vertex('v0', 2, 3, { error: 'short' }))
    assert.equal(graph.steps[0]!.error, 'short')
  })

  for (const [kind, more] of [
    ['steps', {}],
    ['members of a group', { progressGroup: { id: 'group' } }],
  ] as const) {
    it(`takes work in proportion to the number of ${kind}`, () => {
      const job = (count: number) => {
        const graph = new Graph()
        for (let n = 0; n < count; n++) {
          graph.apply(vertex(`v${n}`, n, undefined, more))
          graph.apply(log(`v${n}`, n + 0.5, 'x\n'))
          graph.apply(vertex(`v${n}`, n, n + 1, more))
        }
        assert.ok(graph.steps.length > 0 && graph.steps.every(({ state }) => state === 'done'))
      }
      const grown = growth(job)
      assert.ok(grown < 32, String(grown))
    })
  }
})

describe('a progress group', () => {
  const member = (
    digest: string,
    start?: number,
    stop?: number,
    more: object = {},
    weak = false,
  ): SolveStatus =>
    vertex(digest, start, stop, {
      progressGroup: { id: 'g', name: 'the group', ...(weak ? { weak } : {}) },
      ...more,
    })

  it('is one step with the times of all its members', () => {
    const graph = graphOf(member('a'), member('b'), member('a', 0, 4), member('b', 2))
    const only: Step = graph.steps[0]!
    assert.deepEqual([names(graph), states(graph), graph.known], [['the group'], ['running'], 1])
    graph.apply(member('b', 2, 6))
    assert.deepEqual([states(graph), only.intervals.total(0)], [['done'], 6000])
  })

  it('shows what its members do as its own', () => {
    const graph = graphOf(
      member('a', 0),
      member('b', 1),
      item('a', 'x', 1),
      item('b', 'y', 1),
      log('b', 2, 'z\n'),
    )
    assert.deepEqual([...graph.steps[0]!.items.keys()], ['x', 'y'])
    assert.deepEqual(graph.log(graph.steps[0]!)?.lines, [{ seconds: 2, text: 'z' }])
  })

  it('is cached only when every member is', () => {
    const graph = graphOf(member('a', 0, 0, { cached: true }), member('b', 0, 1))
    assert.deepEqual(states(graph), ['done'])
    graph.apply(member('b', 0, 1, { cached: true }))
    assert.deepEqual(states(graph), ['cached'])
  })

  it('fails for the first reason', () => {
    const graph = graphOf(member('a', 0, 1, { error: 'first' }), member('b', 0, 1, { error: 'second' }))
    assert.deepEqual([states(graph), graph.steps[0]!.error], [['failed'], 'first'])
  })

  it('is hidden and not counted while only weak members have started', () => {
    const graph = graphOf(member('a', 0, 1, {}, true), item('a', 'x', 1))
    assert.deepEqual([names(graph), graph.known], [[], 0])
    graph.apply(member('b', 2))
    assert.deepEqual([names(graph), graph.known], [['the group'], 1])
  })

  it('is shown when a weak member fails', () => {
    assert.deepEqual(states(graphOf(member('a', 0, 1, { error: 'no' }, true))), ['failed'])
  })
})
