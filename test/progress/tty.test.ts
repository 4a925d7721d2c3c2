import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ttyView } from '../../src/progress/tty.ts'
import type { View } from '../../src/progress/view.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { at, item, log, vertex, warning } from './build.ts'
import { growth } from './growth.ts'
import { fixture, recorded, replay } from './replay.ts'
import { TerminalScreen } from './terminal.ts'

const begin = Date.parse(at(0))

/** A live view on a screen. `after` feeds it messages, the first at the time of the daemon's second 0. */
class Stage {
  readonly screen: TerminalScreen
  readonly view: View
  readonly size: { columns: number; rows: number }

  constructor(columns: number, rows: number, color = false) {
    this.screen = new TerminalScreen(columns, rows)
    this.size = { columns, rows }
    this.view = ttyView({ size: () => this.size, color })
  }

  /** What the screen shows after messages that came at once, refreshed so many seconds after the beginning. */
  after(seconds: number, ...statuses: SolveStatus[]): string[] {
    for (const status of statuses) this.screen.write(this.view.update(status, begin + seconds * 1000))
    this.screen.write(this.view.refresh(begin + seconds * 1000))
    return this.screen.lines
  }

  end(seconds: number): string[] {
    this.screen.write(this.view.end(begin + seconds * 1000))
    return this.screen.lines
  }
}

describe('ttyView', () => {
  it('shows a header, steps with their times, items with sizes, and the last output of what runs', () => {
    const stage = new Stage(50, 20)
    const lines = stage.after(
      12.3,
      vertex('later'),
      vertex('one', 0, 0, { cached: true }),
      vertex('two', 0, 1.5),
      vertex('three', 2),
      item('three', 'pushing', 12, { started: at(10), current: 1_200_000, total: 34_000_000 }),
      item('three', 'pushed', 12, { started: at(8), completed: at(9), current: 3 }),
      log('three', 12.3, 'first\nsecond\tpart'),
    )
    assert.deepEqual(lines, [
      '[+] Building 12.3s (2/4)',
      ' => CACHED one                               0.0s',
      ' => two                                      1.5s',
      ' => three                                   10.3s',
      ' => => pushing 1.20MB / 34.00MB              2.3s',
      ' => => pushed 3B                             1.0s',
      ' => => # first',
      ' => => # second    part',
    ])
    assert.equal(stage.after(14)[3], ' => three                                   12.0s')
  })

  it('tells how steps ended, and in the last frame that all have', () => {
    const stage = new Stage(40, 20)
    stage.after(
      0,
      vertex('done', 0),
      vertex('failed', 0),
      vertex('canceled', 0),
      warning('done', 'Careful'),
      log('failed', 0, 'why\n'),
    )
    stage.after(
      2,
      vertex('done', 0, 1),
      vertex('failed', 0, 2, { error: 'exit code: 1' }),
      vertex('canceled', 0, 2, { error: 'context canceled' }),
    )
    assert.deepEqual(stage.end(3), [
      '[+] Building 3.0s (3/3) FINISHED',
      ' => done                           1.0s',
      ' => WARN: Careful',
      ' => ERROR failed                   2.0s',
      ' => CANCELED canceled              2.0s',
      '------',
      ' > failed:',
      '0.000 why',
      '------',
      '',
      ' 1 warning found:',
      ' - Careful',
    ])
  })

  it('does not call a build finished that broke off', () => {
    const stage = new Stage(40, 20)
    stage.after(0, vertex('a', 0), vertex('b'))
    assert.deepEqual(stage.end(2), ['[+] Building 2.0s (0/2)', ' => a                              2.0s'])
  })

  it('draws in place: nothing scrolls, nothing of a longer frame is left, the cursor ends below', () => {
    const stage = new Stage(40, 12)
    stage.screen.write('$ build\n')
    stage.after(1, vertex('a', 0), vertex('b', 0), log('a', 1, '1\n2\n3\n4\n5\n6\n7\n'))
    assert.equal(stage.screen.lines.length, 10)
    const lines = stage.after(2, vertex('a', 0, 2))
    assert.deepEqual(lines, [
      '$ build',
      '[+] Building 2.0s (1/2)',
      ' => a                              2.0s',
      ' => b                              2.0s',
    ])
    assert.deepEqual(stage.screen.cursor, [4, 0])
    assert.deepEqual(stage.screen.scrolledOff, [])
  })

  it('leaves the cursor visible and lines wrapping after each frame', () => {
    const stage = new Stage(40, 12)
    const frame = stage.view.update(vertex('a', 0), begin)
    assert.ok(frame.startsWith('\x1b[?25l\x1b[?7l'))
    for (const text of [frame, stage.view.refresh(begin), stage.view.end(begin)]) {
      stage.screen.write(text)
      assert.deepEqual([stage.screen.cursorVisible, stage.screen.wraps], [true, true])
    }
  })

  it('never draws more than the screen holds; what runs has precedence over what is finished', () => {
    const stage = new Stage(40, 7)
    const finished = Array.from({ length: 50 }, (_, n) => vertex(`finished ${n}`, 0, 1))
    stage.after(1, vertex('first', 0), ...finished.slice(0, 25), vertex('second', 0), ...finished.slice(25))
    assert.deepEqual(stage.screen.lines, [
      '[+] Building 1.0s (50/52)',
      ' => first                          1.0s',
      ' => second                         1.0s',
      ' => finished 47                    1.0s',
      ' => finished 48                    1.0s',
      ' => finished 49                    1.0s',
    ])
    assert.deepEqual(stage.screen.scrolledOff, [])
  })

  it('shows the steps that began last where not even all that run have room', () => {
    const stage = new Stage(40, 5)
    const names = ['a', 'b', 'c', 'd', 'e']
    const lines = stage.after(1, vertex('z', 0, 1), ...names.map((name) => vertex(name, 0)))
    assert.deepEqual(
      lines.map((line) => line.slice(0, 6).trim()),
      ['[+] Bu', '=> c', '=> d', '=> e'],
    )
  })

  it('shows output where there is room, first that of the step which has written most', () => {
    const text = (count: number) => Array.from({ length: count }, (_, n) => `line ${n + 1}\n`).join('')
    const build = [
      vertex('z', 0, 1),
      vertex('a', 0),
      vertex('b', 0),
      log('a', 1, text(3)),
      log('b', 1, text(9)),
    ]
    const shape = (rows: number) =>
      new Stage(40, rows)
        .after(1, ...build)
        .map((line) => line.replace(/ +\d\.\ds$/, '').replace(/^ => /, ''))
    const [header, tailA, tailB] = [
      '[+] Building 1.0s (1/3)',
      ['=> # line 1', '=> # line 2', '=> # line 3'],
      ['=> # line 4', '=> # line 5', '=> # line 6', '=> # line 7', '=> # line 8', '=> # line 9'],
    ]
    assert.deepEqual(shape(14), [header, 'z', 'a', ...tailA, 'b', ...tailB])
    assert.deepEqual(shape(12), [header, 'z', 'a', 'b', ...tailB])
    assert.deepEqual(shape(9), [header, 'z', 'a', ...tailA, 'b'])
    assert.deepEqual(shape(6), [header, 'z', 'a', 'b'])
  })

  it('takes a new size from the next frame on', () => {
    const stage = new Stage(60, 12)
    stage.after(1, vertex('a', 0), log('a', 1, '1\n2\n3\n'))
    assert.equal(stage.screen.lines[1]!.length, 59)
    stage.size.columns = 30
    stage.size.rows = 4
    assert.deepEqual(stage.after(2), ['[+] Building 2.0s (0/1)', ' => a                    2.0s'])
  })

  for (const [columns, rows] of [
    [1, 1],
    [2, 2],
    [5, 3],
    [14, 4],
    [25, 6],
  ] as const) {
    it(`keeps within a terminal of ${columns} by ${rows}`, () => {
      const stage = new Stage(columns, rows)
      const build = [vertex('a long name of a step', 0), log('a long name of a step', 1, 'x'.repeat(100))]
      stage.after(1, ...build, item('a long name of a step', 'an item', 1, { current: 1234, total: 5678 }))
      assert.ok(stage.screen.lines.every((line) => line.length < columns || columns === 1))
      assert.ok(rows === 1 || stage.screen.scrolledOff.length === 0)
    })
  }

  it('leaves the size of an item out before it cuts the name too short', () => {
    const build = [vertex('a', 0), item('a', 'exporting', 1, { current: 1_000_000, total: 2_000_000 })]
    assert.equal(new Stage(45, 9).after(1, ...build)[2], ' => => exporting 1.00MB / 2.00MB        1.0s')
    assert.equal(new Stage(36, 9).after(1, ...build)[2], ' => => exporting               1.0s')
  })

  it('counts columns, not characters', () => {
    const stage = new Stage(24, 9)
    const [, line] = stage.after(
      1,
      vertex('a', 0, undefined, { name: '日本語日本語日本語' }),
      log('a', 1, ''),
    )
    assert.equal(line, ' => 日本語日本語日 1.0s')
  })

  it('shows only the latest state of a line with carriage returns, and no control sequences', () => {
    const stage = new Stage(60, 9)
    const evil = '\x1b[2J\x1b[H\x1b]0;title\x07\x9b31m'
    const build = [
      vertex('a', 0, undefined, { name: `name${evil}\nline` }),
      item('a', `item${evil}`, 1),
      warning('a', `warning${evil}`),
      log('a', 1, '10%\r20%\r30%\n'),
      log('a', 1, `${evil}output${evil}`),
    ]
    assert.deepEqual(
      stage.after(1, ...build).map((line) => line.replace(/ +\d\.\ds$/, '')),
      [
        '[+] Building',
        ' => name line',
        ' => => item',
        ' => WARN: warning',
        ' => => # 30%',
        ' => => # output',
      ].map((line, index) => (index === 0 ? '[+] Building 1.0s (0/1)' : line)),
    )
  })

  it('colours what is over, and nothing where that is not wanted', () => {
    const build = [
      vertex('runs', 0),
      vertex('done', 0, 1),
      vertex('failed', 0, 1, { error: 'no' }),
      vertex('canceled', 0, 1, { error: 'context canceled' }),
      warning('runs', 'Careful'),
      log('runs', 1, 'output'),
    ]
    const frame = (color: boolean) => {
      const view = ttyView({ size: () => ({ columns: 80, rows: 20 }), color })
      for (const status of build) view.update(status, begin)
      return view.refresh(begin)
    }
    const coloured = [...frame(true).matchAll(/\x1b\[(\d+)m => (?:=> # )?(?:[A-Z]+:? )?(\w+)[^\n]*\x1b\[0m/g)]
    assert.deepEqual(
      coloured.map(([, colour, name]) => [name, colour]),
      [
        ['Careful', '33'],
        ['output', '2'],
        ['done', '34'],
        ['failed', '31'],
        ['canceled', '33'],
      ],
    )
    assert.doesNotMatch(frame(false), /\x1b\[\d+m/)
  })

  it('draws every 100 ms at most, and again without news since time goes on', () => {
    const { view } = new Stage(40, 9)
    assert.notEqual(view.update(vertex('a', 0), begin), '')
    assert.equal(view.update(vertex('b', 0), begin + 99), '')
    assert.match(view.update({}, begin + 100), / => b /)
    assert.match(view.refresh(begin + 1160), / => a +1\.2s/)
  })

  it('shows the header while nothing has come, and nothing at all when that is all there was', () => {
    const { view } = new Stage(40, 9)
    assert.equal(view.end(begin), '')
    assert.match(view.refresh(begin), /\[\+\] Building 0\.0s \(0\/0\)/)
    assert.match(view.end(begin), /\[\+\] Building 0\.0s \(0\/0\)/)
  })

  it('measures by the clock of the daemon, however far ours is off and however late messages come', () => {
    const { view } = new Stage(40, 9)
    view.update(vertex('a', 100), 5)
    view.update({ ...vertex('b', 130, 140), ...log('a', 150, 'x\n') }, 10_005)
    const frame = view.refresh(11_005)
    assert.match(frame, /Building 51\.0s \(1\/2\)/)
    assert.match(frame, / => a +51\.0s/)
    assert.match(frame, / => b +10\.0s/)
  })

  it('takes work in proportion to the number of steps, and shows them all at the end', () => {
    const job = (count: number) => {
      const view = ttyView({ size: () => ({ columns: 80, rows: 24 }), color: true })
      for (let n = 0; n < count; n++) view.update(vertex(`v${n}`, n), begin + (n * 5000) / count)
      for (let n = 0; n < count; n++)
        view.update(vertex(`v${n}`, n, n + 1), begin + 5000 + (n * 5000) / count)
      const last = view.end(begin)
      assert.ok(last.includes(`(${count}/${count}) FINISHED`))
      assert.equal(last.match(/ => v\d+ /g)!.length, count)
    }
    const grown = growth(job)
    assert.ok(grown < 32, String(grown))
  })
})

describe('the live view of recorded builds', () => {
  for (const build of ['parallel', 'failing', 'cancelled', 'group', 'oci-export', 'warning', 'terminal']) {
    it(`ends for ${build} as it has ended`, async () => {
      const size = { columns: 72, rows: 40 }
      const screen = new TerminalScreen(size.columns, size.rows)
      const view = ttyView({ size: () => size, color: true })
      screen.write(replay(view, await recorded(`${build}.jsonl`)))
      assert.equal(`${screen.lines.join('\n')}\n`, await fixture(`${build}.tty.txt`))
      assert.deepEqual(screen.scrolledOff, [])
    })
  }
})
