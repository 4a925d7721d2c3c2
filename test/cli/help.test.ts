import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commandLine } from './command-line.ts'

const exitCodes = `Exit codes:
    0  done
    1  the build or the request failed
    2  the command line cannot be used, here or with this daemon
    3  no daemon: none found, not reachable, or lost on the way
  130  cancelled by Ctrl-C, SIGTERM or SIGHUP
`

const workersHelp = `Usage: buildkit-client debug workers [options]

Lists the parts of the daemon that run builds, the default one first.

Options:
  -v, --verbose             Shows the labels as well
      --format table|json   How to print them on standard output (default table)
      --addr ADDRESS        unix://PATH, tcp://HOST:PORT, docker:// or ssh://HOST (env BUILDKIT_HOST)
      --tlscacert PATH      Authorities to trust, for tcp://
      --tlscert PATH        Our certificate, for tcp://
      --tlskey PATH         The key of our certificate
      --tlsservername NAME  Name in the daemon’s certificate, if not its host
  -h, --help                Shows this help
`

const buildHelp = `Usage: buildkit-client build [options] [context]

Builds a Dockerfile. The context is the directory whose files it may copy, the current one by default.
Standard output gets the digest of the image, standard error all the rest.

Outputs:
  DIRECTORY  or  type=local,dest=DIRECTORY   the files of the result
  -          or  type=tar,dest=FILE          the same as an archive; - is standard output
  type=oci,dest=FILE                         an image as an archive
  type=docker,dest=FILE                      the same for docker load
  type=image,name=NAME,push=true             an image in the daemon, or pushed to its registry
All but - take more options of the exporter as KEY=VALUE; quotes around one with a comma.

Options:
  -f, --file PATH               Dockerfile; - for standard input; by default that in the context
  -t, --tag NAME                Name of the image, such as registry.example/app:1 (repeatable)
      --build-arg NAME[=VALUE]  Build argument; without a value, from the environment (repeatable)
      --target STAGE            Stage of the Dockerfile to build
      --platform OS/ARCH        Platform to build for; commas between several (repeatable)
      --push                    Pushes the image to its registry
  -o, --output OUTPUT           Where the result goes, see above (repeatable)
      --no-cache                Runs every step anew
      --progress auto|plain|rawjson|quiet
                                How standard error shows the build (env BUILDKIT_PROGRESS, default auto)
      --metadata-file PATH      File for what the exporters report, as JSON
      --addr ADDRESS            unix://PATH, tcp://HOST:PORT, docker:// or ssh://HOST (env BUILDKIT_HOST)
      --tlscacert PATH          Authorities to trust, for tcp://
      --tlscert PATH            Our certificate, for tcp://
      --tlskey PATH             The key of our certificate
      --tlsservername NAME      Name in the daemon’s certificate, if not its host
  -h, --help                    Shows this help
`

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

    it(`of ${argv.join(' ')} fits into 105 columns`, () => {
      const wide = text.split('\n').filter((line) => line.length > 105)
      assert.deepEqual(wide, [])
    })
  }
})
