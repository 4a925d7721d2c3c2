import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plainView } from '../../src/progress/plain.ts'
import type { SolveStatus } from '../../src/solve/status/status.ts'
import { at, item, log, vertex, warning } from './build.ts'
import { growth } from './growth.ts'
import { fixture, recorded, replay } from './replay.ts'

const builds = [
  'success',
  'cached',
  'failing',
  'parallel',
  'warning',
  'local-export',
  'oci-export',
  'terminal',
  'group',
  'cancelled',
]

/** The text for messages that come a second apart. */
function printed(...statuses: SolveStatus[]): string {
  const view = plainView()
  return statuses.map((status, second) => view.update(status, second * 1000)).join('') + view.end(1e6)
}

describe('plain output of recorded builds', () => {
  for (const build of builds) {
    it(`is for ${build} what it has been`, async () => {
      assert.equal(replay(plainView(), await recorded(`${build}.jsonl`)), await fixture(`${build}.plain.txt`))
    })

    it(`has for ${build} the steps, outcomes, items and output that buildctl printed`, async () => {
      const ours = sections(replay(plainView(), await recorded(`${build}.jsonl`)))
      const theirs = sections(await fixture(`${build}.buildctl.txt`))
      assert.ok(ours.length > 2)
      assert.deepEqual(ours, theirs)
    })
  }
})

interface Section {
  name: string
  outcome: string
  done: string[]
  log: string[]
}

/** A plain text by steps, sorted by name, since numbers and order depend on the clock. */
function sections(text: string): Section[] {
  const byNumber = new Map<string, Section>()
  const steps = text.split(/^------$|^\n \d+ warnings? found/m)[0]!.trimEnd()
  for (const block of steps.split(/\n\n/)) {
    const [header, ...lines] = block.split('\n').filter((line) => line !== '')
    const [, number, name] = /^(#\d+) (.*)$/.exec(header!)!
    const section = byNumber.get(number!) ?? { name: name!, outcome: '', done: [], log: [] }
    byNumber.set(number!, section)
    assert.equal(section.name, name)
    for (const line of lines) {
      assert.ok(line.startsWith(`${number} `), line)
      read(line.slice(number!.length + 1), section)
    }
  }
  return [...byNumber.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function read(line: string, section: Section): void {
  if (/^(DONE|CACHED|CANCELED|ERROR)/.test(line)) section.outcome = line
  else if (line.endsWith(' done') || line.startsWith('WARN: ')) section.done.push(line)
  // Progress bars are cut where the clock has it, so they are for the golden file.
  else if (/^\d+\.\d+ /.test(line) && !line.includes('%')) section.log.push(withoutControl(line))
}

function withoutControl(line: string): string {
  return line.replace(/\x1b\][^\x07]*\x07|\x1b\[\d*m|\r/g, '')
}

describe('plainView', () => {
  it('prints nothing for nothing', () => assert.equal(printed({}, {}, vertex('announced')), ''))

  it('numbers steps as they are printed, with a blank line and the name whenever the step changes', () => {
    const text = printed(
      vertex('a'),
      vertex('b', 0),
      vertex('a', 1),
      log('a', 2, 'one\n'),
      vertex('b', 0, 3.21),
      log('a', 4, 'two\n'),
      vertex('c', 5, 5, { cached: true }),
      vertex('a', 1, 5),
    )
    const expected = [
      ...['#1 b', '#1 DONE 3.2s', ''],
      ...['#2 a', '#2 1.000 one', '#2 3.000 two', '#2 ...', ''],
      ...['#3 c', '#3 CACHED', ''],
      ...['#2 a', '#2 DONE 4.0s', ''],
    ]
    assert.deepEqual(text.split('\n'), expected)
  })

  it('says how a step ended', () => {
    const canceled = printed(vertex('a', 0, 1, { error: 'exit code: 137: context canceled' }))
    assert.equal(canceled, '#1 a\n#1 CANCELED\n')
    const failed = printed(vertex('a', 0), log('a', 1, 'why\n'), vertex('a', 0, 2, { error: 'exit code: 1' }))
    assert.equal(failed, '#1 a\n#1 1.000 why\n#1 ERROR: exit code: 1\n------\n > a:\n1.000 why\n------\n')
  })

  it('repeats of each failed step the last ten lines, in order, and nothing of other steps', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`)
    const text = printed(
      ...[vertex('a', 0), vertex('b', 0), vertex('c', 0), vertex('d', 0)],
      ...[log('a', 1, lines.join('\n')), log('b', 1, 'quiet\n'), log('c', 1, 'stopped\n')],
      vertex('b', 0, 2),
      vertex('c', 0, 2, { error: 'context canceled' }),
      vertex('a', 0, 2, { error: 'no' }),
      vertex('d', 0, 2, { error: 'no output' }),
    )
    const blocks = text.slice(text.indexOf('------'))
    const tail = lines.slice(-10).map((line) => `1.000 ${line}`)
    assert.deepEqual(blocks.split('\n'), [
      ...['------', ' > a:', ...tail, '------'],
      ...['------', ' > d:', '------', ''],
    ])
  })

  it('prints items when they are new, got on by a twentieth, have lasted five seconds more, or are done', () => {
    const total = 1_000_000
    const text = printed(
      vertex('a', 0),
      item('a', 'layer', 0.001, { current: 10_000, total }),
      item('a', 'layer', 1, { current: 59_999, total }),
      item('a', 'layer', 2, { current: 60_000, total }),
      item('a', 'layer', 3, { current: 60_001, total }),
      item('a', 'layer', 7, { current: 60_002, total }),
      item('a', 'layer', 8, { current: total, total, completed: at(7.94) }),
      item('a', 'layer', 9, { current: total, total, completed: at(7.94) }),
      item('a', 'count', 10, { current: 3 }),
      item('a', 'quick', 10, { completed: at(0.01) }),
    )
    assert.deepEqual(text.split('\n'), [
      '#1 a',
      '#1 layer 10.00kB / 1.00MB',
      '#1 layer 60.00kB / 1.00MB 2.0s',
      '#1 layer 60.00kB / 1.00MB 7.0s',
      '#1 layer 1.00MB / 1.00MB 7.9s done',
      '#1 count 3B 10.0s',
      '#1 quick done',
      '',
    ])
  })

  it('holds the announcement of a figure until there is one, or five seconds have passed', () => {
    const text = printed(
      vertex('a', 0),
      item('a', 'transferring a:', 1),
      item('a', 'transferring a:', 2, { current: 7 }),
      item('a', 'transferring b:', 3),
      item('a', 'transferring b:', 6),
      item('a', 'transferring c:', 6, { completed: at(6) }),
      item('a', 'exporting', 1),
    )
    const lines = ['#1 a', '#1 transferring a: 7B 2.0s', '#1 transferring b: 6.0s']
    assert.deepEqual(text.split('\n'), [
      ...lines,
      ...['#1 transferring c: 6.0s done', '#1 exporting 1.0s', ''],
    ])
  })

  it('does not repeat what another step has just printed under the same name, before it is done', () => {
    const text = printed(
      vertex('a', 0),
      item('a', 'transferring context:', 0, { current: 2, completed: at(0) }),
      vertex('a', 0, 0),
      vertex('b', 0),
      item('b', 'transferring context:', 1, { current: 2 }),
      item('b', 'transferring context:', 6, { current: 5_000 }),
      item('b', 'transferring context:', 7, { current: 9_000, completed: at(6.9) }),
      vertex('b', 0, 7),
    )
    assert.deepEqual(text.split('\n'), [
      ...['#1 a', '#1 transferring context: 2B done', '#1 DONE 0.0s', ''],
      ...['#2 b', '#2 transferring context: 5.00kB 6.0s', '#2 transferring context: 9.00kB 6.9s done'],
      ...['#2 DONE 7.0s', ''],
    ])
  })

  it('prints the end of a step with the items that follow it at once', () => {
    const view = plainView()
    const text = [
      view.update(vertex('a', 0), 0),
      view.update(vertex('b', 0), 100),
      view.update(vertex('a', 0, 0.12), 120),
      view.update(item('a', 'transferring', 0.12, { completed: at(0.12) }), 125),
      view.refresh(275),
      view.end(300),
    ].join('')
    assert.deepEqual(text.split('\n'), [
      ...['#1 a', '#1 transferring 0.1s done', '#1 DONE 0.1s', '', '#2 b', ''],
    ])
  })

  it('waits with the outcome for an item that it has just shown unfinished, but not beyond the end', () => {
    const unfinished = { ...vertex('a', 0, 1), ...item('a', 'push', 0.5) }
    const finished = item('a', 'push', 2, { completed: at(2) })
    assert.equal(printed(unfinished, finished), '#1 a\n#1 push 0.5s\n#1 push 2.0s done\n#1 DONE 1.0s\n')
    assert.equal(printed(unfinished), '#1 a\n#1 push 0.5s\n#1 DONE 1.0s\n')
  })

  it('prints a warning once where it belongs, and in the list at the end', () => {
    const text = printed(vertex('a', 0), warning('a', 'Careful'), warning('a', 'Careful'), vertex('a', 0, 1))
    assert.equal(text, '#1 a\n#1 WARN: Careful\n#1 DONE 1.0s\n\n 1 warning found:\n - Careful\n')
  })

  it('goes on with a line that is under way, and ends it before anything else', () => {
    const text = printed(
      vertex('a', 0),
      log('a', 1, '.'),
      log('a', 2, '.'),
      log('a', 3, '.\n!'),
      item('a', 'push', 4),
      log('a', 5, '?'),
      vertex('b', 0, 6),
      log('a', 7, 'more'),
      log('a', 8, '\n'),
      log('a', 9, 'last'),
    )
    assert.deepEqual(text.split('\n'), [
      ...['#1 a', '#1 1.000 ...', '#1 3.000 !', '#1 push 4.0s', '#1 5.000 ?', '#1 ...', ''],
      ...['#2 b', '#2 DONE 6.0s', ''],
      ...['#1 a', '#1 7.000 more', '#1 9.000 last', ''],
    ])
  })

  it('says nothing for the end of a line that another step has interrupted', () => {
    const text = printed(vertex('a', 0), log('a', 1, 'x'), vertex('b', 0, 2), log('a', 3, '\ny\n'))
    assert.deepEqual(text.split('\n').slice(-3), ['#1 a', '#1 3.000 y', ''])
  })

  it('leaves out what a carriage return has overwritten, unless it is printed already', () => {
    const view = plainView()
    view.update(vertex('a', 0), 0)
    for (let n = 0; n < 100; n++) view.update(log('a', n / 100, `${n}%\r`), 50 + n / 100)
    assert.equal(view.refresh(100), '#1 0.990 99%')
    for (let n = 0; n < 100; n++) view.update(log('a', 1, `\r${n}% `, 2), 101)
    assert.equal(view.refresh(200), '\n#1 1.000 99% ')
    assert.equal(view.update(log('a', 1, '\r\ndone\n'), 300), '\n#1 1.000 done\n')
  })

  it('gives every line of an error the number of its step', () => {
    const text = printed(vertex('a', 0, 1, { error: 'git failed:\n#1 DONE 0.0s\r\nend\x1b[2J' }))
    assert.equal(text.split('------')[0], '#1 a\n#1 ERROR: git failed:\n#1 #1 DONE 0.0s\n#1 end\n')
  })

  it('lets no control sequence through', () => {
    const evil = '\x1b[2J\x1b]0;x\x07\x9b1m\x08'
    const text = printed(
      vertex('a', 0, undefined, { name: `name${evil}` }),
      item('a', `item${evil}`, 1),
      warning('a', `warning${evil}`),
      log('a', 1, `log${evil}\n`),
      vertex('a', 0, 2, { name: `name${evil}`, error: `error${evil}` }),
    )
    assert.match(text, /name\n.*item 1\.0s\n.*warning\n.*log\n.*error\n/)
    assert.doesNotMatch(text, /[^\n -~]/)
  })

  it('prints every 100 ms at most, what comes between at the next time', () => {
    const view = plainView()
    assert.equal(view.update(vertex('a', 0), 1000), '#1 a\n')
    assert.equal(view.update(log('a', 0, 'one\n'), 1050), '')
    assert.equal(view.update(log('a', 0, 'two\n'), 1099), '')
    assert.equal(view.update(log('a', 0, 'three\n'), 1100), '#1 0.000 one\n#1 0.000 two\n#1 0.000 three\n')
    assert.equal(view.update(log('a', 0, 'four\n'), 1150), '')
    assert.equal(view.refresh(1160), '#1 0.000 four\n')
    assert.equal(view.refresh(1170), '')
    assert.equal(view.update(log('a', 0, 'five\n'), 1180), '')
    assert.equal(view.end(1190), '#1 0.000 five\n')
  })

  it('stays with a step until another one has waited for ten seconds, which then has a turn too', () => {
    const view = plainView()
    view.update({ vertexes: [vertex('a', 0), vertex('b', 0)].flatMap(({ vertexes = [] }) => vertexes) }, 0)
    const shown: number[] = []
    const left: number[] = []
    for (let now = 1000; now < 30_000; now += 1000) {
      const text = view.update(
        { logs: [...log('a', 1, 'a\na\na\n').logs!, ...log('b', 1, 'b\n').logs!] },
        now,
      )
      if (text.includes('#2 b\n')) shown.push(now)
      if (text.includes('#2 ...\n')) left.push(now)
    }
    assert.deepEqual(shown, [11_000])
    assert.deepEqual(left, [18_000])
  })

  it('leaves a step that says little after five seconds for a busy one', () => {
    const view = plainView()
    view.update(vertex('quiet', 0), 0)
    view.update(vertex('busy', 0), 100)
    const texts: string[] = []
    for (let now = 1000; now < 7_000; now += 100) texts.push(view.update(log('busy', 1, `${now}\n`), now))
    const turn = texts.findIndex((text) => text !== '')
    assert.match(texts[turn]!, /^#1 \.\.\.\n\n#2 busy\n#2 1\.000 1000\n/)
    assert.equal(1000 + turn * 100, 5_100)
  })

  it('names a step that runs and says nothing while nothing else goes on', () => {
    const view = plainView()
    view.update(vertex('a', 0), 0)
    assert.equal(view.update(vertex('b', 0), 100), '')
    assert.equal(view.update(vertex('a', 0, 0.2), 200), '#1 DONE 0.2s\n\n#2 b\n')
  })

  it('shows all that is known at the end of a build that broke off', () => {
    const view = plainView()
    view.update(vertex('a', 0), 0)
    view.update(vertex('b', 0), 10)
    view.update(log('b', 1, 'half a line'), 20)
    assert.equal(view.end(30), '#1 ...\n\n#2 b\n#2 1.000 half a line\n')
  })

  it('prints a huge line whole, and does not keep it', () => {
    const view = plainView()
    let length = view.update(vertex('a', 0), 0).length
    const chunk = 'x'.repeat(1 << 20)
    for (let n = 0; n < 32; n++) length += view.update(log('a', 1, chunk), 1).length
    assert.ok(length > 27 << 20, `${length} characters are printed although the time for it has not come`)
    length += view.end(2).length
    assert.equal(length, '#1 a\n#1 1.000 \n'.length + (32 << 20))
  })

  it('takes work in proportion to the number of parallel steps', () => {
    const job = (count: number) => {
      const view = plainView()
      const text: string[] = []
      const phase = (start: number, make: (n: number) => SolveStatus) => {
        for (let n = 0; n < count; n++) text.push(view.update(make(n), start + (n * 3000) / count))
      }
      phase(0, (n) => vertex(`v${n}`, 0))
      phase(3000, (n) => log(`v${n}`, 1, 'x\n'))
      phase(6000, (n) => vertex(`v${n}`, 0, 2))
      text.push(view.end(9000))
      assert.equal(text.join('').match(/^#\d+ DONE 2\.0s$/gm)!.length, count)
    }
    const grown = growth(job)
    assert.ok(grown < 32, String(grown))
  })
})
