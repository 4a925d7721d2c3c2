import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { commandLine } from './command-line.ts'

const programHelp = `Usage: buildkit-client COMMAND [options]

Commands:
  build          Builds a Dockerfile
  debug workers  Lists the workers of the daemon

Options:
  -h, --help     Shows this help, or that of a command
      --version  Shows the version

Exit codes:
    0  done
    1  the build or the request failed
    2  the command line cannot be used, here or with this daemon
    3  no daemon: none found, not reachable, or lost on the way
  130  cancelled by Ctrl-C, SIGTERM or SIGHUP
`

async function outcome(argv: string[]) {
  const run = commandLine(argv)
  return [await run.exitCode, run.stdout, run.stderr]
}

describe('buildkit-client', () => {
  it('shows its help when asked', async () => {
    assert.deepEqual(await outcome(['--help']), [0, programHelp, ''])
    assert.deepEqual(await outcome(['-h']), [0, programHelp, ''])
    assert.deepEqual(await outcome(['nonsense', '--help']), [0, programHelp, ''])
  })

  it('shows its help on standard error, and fails, when nothing is asked', async () => {
    assert.deepEqual(await outcome([]), [2, '', programHelp])
  })

  it('shows the version of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    assert.deepEqual(await outcome(['--version']), [0, `buildkit-client ${version}\n`, ''])
  })

  const mistakes: [string[], string][] = [
    [['biuld'], 'unknown command "biuld". Did you mean build?'],
    [['debug'], 'unknown command "debug". Did you mean debug workers?'],
    [['debug', 'wrokers'], 'unknown command "debug". Did you mean debug workers?'],
    [['prune'], 'unknown command "prune". --help lists the commands'],
    [['--versoin'], 'unknown option --versoin. Did you mean --version?'],
    [['--addr', 'unix:///x', 'build'], 'unknown option --addr. --help lists what there is'],
    [['build', '--tagg', 'x'], 'unknown option --tagg. Did you mean --tag?'],
    [['build', 'one', 'two'], 'too many arguments: expected only [context], got "one" "two"'],
    [['debug', 'workers', 'x'], 'too many arguments: expected none, got "x"'],
    [
      ['build', '--progress', 'tty'],
      'option --progress cannot be used: expected one of auto, plain, rawjson, quiet, got "tty"',
    ],
  ]
  for (const [argv, message] of mistakes) {
    it(`explains ${argv.join(' ')}`, async () => {
      assert.deepEqual(await outcome(argv), [2, '', `error: ${message}\n`])
    })
  }
})
