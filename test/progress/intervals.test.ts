import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Intervals } from '../../src/progress/intervals.ts'

describe('Intervals', () => {
  it('has neither times nor a total before the first run', () => {
    const intervals = new Intervals()
    assert.deepEqual(
      [intervals.running, intervals.latestStart, intervals.latestStop, intervals.total(9)],
      [false, undefined, undefined, 0],
    )
  })

  it('counts up to now while it runs, and to the stop afterwards', () => {
    const intervals = new Intervals()
    intervals.add('a', 10, undefined)
    assert.deepEqual([intervals.running, intervals.latestStart, intervals.total(15)], [true, 10, 5])
    intervals.add('a', 10, 17)
    assert.deepEqual([intervals.running, intervals.latestStop, intervals.total(99)], [false, 17, 7])
  })

  it('adds the runs of a vertex, without the time between', () => {
    const intervals = new Intervals()
    intervals.add('a', 0, 1)
    intervals.add('a', 10, undefined)
    assert.deepEqual([intervals.latestStart, intervals.total(12)], [10, 3])
    intervals.add('a', 10, 14)
    assert.deepEqual([intervals.latestStart, intervals.latestStop, intervals.total(99)], [10, 14, 5])
  })

  it('counts overlapping time of several vertexes once, in whatever order they come', () => {
    const runs: [string, number, number][] = [
      ['a', 0, 10],
      ['b', 5, 12],
      ['c', 20, 30],
      ['d', 22, 24],
      ['e', 12, 13],
    ]
    for (const order of [runs, runs.toReversed(), [...runs.slice(2), ...runs.slice(0, 2)]]) {
      const intervals = new Intervals()
      for (const [vertex, start, stop] of order) intervals.add(vertex, start, stop)
      assert.deepEqual([intervals.latestStart, intervals.latestStop, intervals.total(99)], [20, 30, 23])
    }
  })

  it('runs from the first start of what still runs, or from the finished run which that start is part of', () => {
    const intervals = new Intervals()
    intervals.add('a', 0, 10)
    intervals.add('b', 5, undefined)
    intervals.add('c', 8, undefined)
    assert.deepEqual([intervals.latestStart, intervals.total(12)], [0, 12])
    intervals.add('b', 5, 6)
    assert.deepEqual([intervals.running, intervals.total(12)], [true, 12])
    intervals.add('c', 8, 9)
    assert.deepEqual([intervals.running, intervals.total(99)], [false, 10])
  })

  it('takes a stop before the start for an empty run', () => {
    const intervals = new Intervals()
    intervals.add('a', 10, 4)
    assert.deepEqual([intervals.latestStop, intervals.total(99)], [10, 0])
  })

  it('still knows the total of more runs than it keeps', () => {
    const intervals = new Intervals()
    for (let run = 0; run < 1000; run++) intervals.add('a', run * 10, run * 10 + 2)
    assert.deepEqual([intervals.latestStart, intervals.total(99)], [9990, 2000])
  })
})
