import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { build } from '../../src/cli/commands/build.ts'
import { parseFlags } from '../../src/cli/flags.ts'
import { forEngine, solveOptionsOf } from '../../src/cli/solve-options.ts'
import type { Export, SolveOptions } from '../../src/solve/options/options.ts'

const stdout = new PassThrough()

function optionsOf(args: readonly string[], env: Record<string, string> = {}): SolveOptions {
  const { values, positionals } = parseFlags(build.flags, args)
  const piped = values.file === '-' ? { dockerfile: Buffer.from('FROM scratch\n') } : {}
  return solveOptionsOf(values, positionals[0] ?? '.', { cwd: '/home', env, stdout, ...piped })
}

const here = { context: '/home', dockerfile: '/home' }

describe('solveOptionsOf', () => {
  it('builds the Dockerfile of the current directory, exporting nothing, when nothing is said', () => {
    assert.deepEqual(optionsOf([]), {
      frontend: 'dockerfile.v0',
      frontendAttrs: {},
      localDirs: here,
      exports: [],
    })
  })

  const dirs: [string[], SolveOptions['localDirs'], string?][] = [
    [['sub/app'], { context: '/home/sub/app', dockerfile: '/home/sub/app' }],
    [['/abs'], { context: '/abs', dockerfile: '/abs' }],
    [['-f', 'Other.Dockerfile'], here, 'Other.Dockerfile'],
    [['-f', '../x/D', 'app'], { context: '/home/app', dockerfile: '/x' }, 'D'],
    [
      ['-f', '-', 'app'],
      { context: '/home/app', dockerfile: { Dockerfile: Buffer.from('FROM scratch\n') } },
      'Dockerfile',
    ],
  ]
  for (const [args, localDirs, filename] of dirs) {
    it(`takes context and Dockerfile from ${args.join(' ')}`, () => {
      const options = optionsOf(args)
      assert.deepEqual(options.localDirs, localDirs)
      assert.equal(options.frontendAttrs?.filename, filename)
    })
  }

  const attrs: [string[], Record<string, string>, Record<string, string>?][] = [
    [['--target', 'test'], { target: 'test' }],
    [['--platform', 'linux/amd64'], { platform: 'linux/amd64' }],
    [
      ['--platform', 'linux/amd64,linux/arm64', '--platform', 'linux/s390x'],
      { platform: 'linux/amd64,linux/arm64,linux/s390x' },
    ],
    [['--no-cache'], { 'no-cache': '' }],
    [
      ['--build-arg', 'A=1', '--build-arg', 'B=x=y', '--build-arg', 'C='],
      { 'build-arg:A': '1', 'build-arg:B': 'x=y', 'build-arg:C': '' },
    ],
    [['--build-arg', 'A', '--build-arg', 'GONE'], { 'build-arg:A': 'from env' }, { A: 'from env' }],
    [['--build-arg', 'toString'], {}],
    [['--build-arg', 'A=1', '--build-arg', 'A=2'], { 'build-arg:A': '2' }],
    [[], { 'build-arg:SOURCE_DATE_EPOCH': '0' }, { SOURCE_DATE_EPOCH: '0' }],
    [
      ['--build-arg', 'SOURCE_DATE_EPOCH=5'],
      { 'build-arg:SOURCE_DATE_EPOCH': '5' },
      { SOURCE_DATE_EPOCH: '0' },
    ],
  ]
  for (const [args, expected, env] of attrs) {
    it(`tells the frontend of ${[...args, ...Object.keys(env ?? {})].join(' ')}`, () => {
      assert.deepEqual(optionsOf(args, env).frontendAttrs, expected)
    })
  }

  const exports: [string[], Export[]][] = [
    [['-t', 'a:1'], [{ type: 'image', attrs: { name: 'a:1' } }]],
    [
      ['-t', 'a:1', '-t', 'r.example/a:2', '--push'],
      [{ type: 'image', attrs: { name: 'a:1,r.example/a:2', push: 'true' } }],
    ],
    [['-o', 'out'], [{ type: 'local', outputDir: '/home/out', attrs: {} }]],
    [['-o', 'out', '-t', 'a'], [{ type: 'local', outputDir: '/home/out', attrs: {} }]],
    [
      ['-o', 'type=oci,dest=a.tar', '-t', 'a:1'],
      [{ type: 'oci', output: '/home/a.tar', attrs: { name: 'a:1' } }],
    ],
    [
      ['-o', 'type=docker,name=own:1,dest=a.tar', '-o', 'type=image', '-t', 'a:1'],
      [
        { type: 'docker', output: '/home/a.tar', attrs: { name: 'own:1' } },
        { type: 'image', attrs: { name: 'a:1' } },
      ],
    ],
    [
      ['--push', '-t', 'a:1', '-o', 'out'],
      [
        { type: 'local', outputDir: '/home/out', attrs: {} },
        { type: 'image', attrs: { push: 'true', name: 'a:1' } },
      ],
    ],
    [
      ['--push', '-o', 'type=image,name=a:1,compression=zstd'],
      [{ type: 'image', attrs: { name: 'a:1', compression: 'zstd', push: 'true' } }],
    ],
  ]
  for (const [args, expected] of exports) {
    it(`exports for ${args.join(' ')}`, () => {
      assert.deepEqual(optionsOf(args).exports, expected)
    })
  }

  const bad: [string[], RegExp][] = [
    [['-t', 'me/UPPER'], /^option --tag cannot be used: expected an image name .*got "me\/UPPER"/],
    [
      ['--build-arg', '=secret'],
      /^option --build-arg cannot be used: expected NAME=VALUE or NAME, got "=…"$/,
    ],
    [['--push'], /^the image to push has no name\. Name it with --tag REGISTRY\/REPOSITORY:TAG$/],
    [['-o', 'type=image,push=true'], /^the image to push has no name/],
    [['-o', 'type=image,push='], /^the image to push has no name/],
  ]
  for (const [args, message] of bad) {
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => optionsOf(args), { code: 'INVALID_OPTION', message })
    })
  }
})

describe('forEngine', () => {
  it('loads images that are not pushed, and leaves all else as it is', () => {
    const kept: Export[] = [
      { type: 'image', attrs: { name: 'a', push: 'true' } },
      { type: 'image', attrs: { name: 'a', push: '' } },
      { type: 'local', outputDir: '/x' },
    ]
    assert.deepEqual(forEngine(kept), kept)
    assert.deepEqual(
      forEngine([
        { type: 'image', attrs: { name: 'a' } },
        { type: 'image', attrs: { push: 'false' } },
      ]),
      [
        { type: 'moby', attrs: { name: 'a' } },
        { type: 'moby', attrs: { push: 'false' } },
      ],
    )
  })
})
