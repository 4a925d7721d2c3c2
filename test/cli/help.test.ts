import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commandLine } from './command-line.ts'

const exitCodes = `Exit codes:
    0  done
    1  the build failed
    2  the command line cannot be used, here or with this daemon
    3  no daemon: none found, not reachable, or lost on the way
  130  cancelled by Ctrl-C or SIGTERM
`

const workersHelp = ``

const buildHelp = ``

describe('help', () => {
  for (const [argv, text] of [
    [['build', '--help'], buildHelp],
    [['build', '.', '-h'], buildHelp],
    [['debug', 'workers', '--help'], workersHelp],
  ] as const) {
    it(`of ${argv.join(' ')} names every flag, its value and its default`, async () => {
      const run = commandLine(argv)
      assert.equal(await run.exitCode, 0)
      assert.equal(run.stdout, `${text}\n${exitCodes}`)
      assert.equal(run.stderr, '')
    })

    it(`of ${argv.join(' ')} fits into 110 columns`, () => {
      const wide = text.split('\n').filter((line) => line.length > 110)
      assert.deepEqual(wide, [])
    })
  }
})
