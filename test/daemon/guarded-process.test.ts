import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type GuardedProcess, runGuarded } from '../../src/daemon/guarded-process.ts'
import { tempDir } from '../support/temp.ts'

const env = { PATH: process.env.PATH }

/** Runs a shell script under guard, with `$0` its folder. */
function run(script: string, folder: string): GuardedProcess {
  return runGuarded({ command: ['/bin/sh', '-c', script, folder], env, folder })
}

/** Waits for its end: a child under guard does not keep the process waiting for it. */
async function ended(child: GuardedProcess): Promise<Error | undefined> {
  const awake = setInterval(() => {}, 1000)
  const failure = await child.exited
  clearInterval(awake)
  return failure
}

/** Waits for the file a script writes, and reads it. */
async function written(path: string): Promise<string> {
  for (;;) {
    const content = await readFile(path, 'utf8').catch(() => '')
    if (content.endsWith('\n')) return content.trim()
    await delay(10)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function untilEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await delay(10)
}

test('what it says last is there when it has ended', async () => {
  await using dir = await tempDir()
  const child = run(
    'echo to stdout; head -c 20000 /dev/zero | tr "\\0" x >&2; echo the end >&2; exit 3',
    dir.path,
  )
  assert.equal(await ended(child), undefined)
  assert.equal(child.stderr.length, 8192)
  assert.match(child.stderr, /^x+the end\n$/)
  await child.stop()
  assert.ok(existsSync(dir.path), 'its folder is left to us')
})

test('it gets the environment given and no descriptor of the guard', async () => {
  await using dir = await tempDir()
  const child = runGuarded({
    command: ['/bin/sh', '-c', 'echo "$GREETING $HOME" >&2; (: <&3) && echo open >&2'],
    env: { ...env, GREETING: 'hello' },
    folder: dir.path,
  })
  await ended(child)
  assert.match(child.stderr, /^hello \n.*3: Bad file descriptor\n$/)
})

test('a program that is not there has said so', async () => {
  await using dir = await tempDir()
  const child = runGuarded({ command: [join(dir.path, 'missing')], env, folder: dir.path })
  await ended(child)
  assert.match(child.stderr, /missing: not found/)
})

test('stop asks with SIGTERM and waits, and may be called again', async () => {
  await using dir = await tempDir()
  const child = run(
    'trap "echo stopping >&2; exit" TERM; echo $$ >"$0/pid"; while :; do sleep 0.05; done',
    dir.path,
  )
  const pid = Number(await written(join(dir.path, 'pid')))
  await Promise.all([child.stop(), child.stop()])
  assert.equal(child.stderr, 'stopping\n')
  assert.equal(isRunning(pid), false)
  await child.stop()
})

test('stop insists with SIGKILL when SIGTERM is ignored', async (t) => {
  await using dir = await tempDir()
  const child = run('trap "" TERM; echo $$ >"$0/pid"; while :; do sleep 0.05; done', dir.path)
  const pid = Number(await written(join(dir.path, 'pid')))
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const stopped = child.stop()
  t.mock.timers.tick(10_000)
  t.mock.timers.reset()
  await Promise.all([stopped, ended(child)])
  assert.equal(isRunning(pid), false)
})

test('it is in a process group of its own: Ctrl-C reaches it through us only', async () => {
  await using dir = await tempDir()
  const child = run('echo $$ >"$0/pid"; exec sleep 600', dir.path)
  const pid = Number(await written(join(dir.path, 'pid')))
  assert.doesNotThrow(() => process.kill(-pid, 0), 'no group goes by its id')
  await child.stop()
})

for (const end of ['process.exit()', 'process.kill(process.pid, "SIGKILL")', '']) {
  test(`it ends and its folder goes when we end by ${end || 'running out of work'}`, async () => {
    await using dir = await tempDir()
    const folder = join(dir.path, 'its own')
    await mkdir(folder)
    // A process in our place: it starts the child, waits until it runs, and ends. The child's file appears whole:
    // the child may be stopped as soon as it is there.
    const us = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `
        import { existsSync } from 'node:fs'
        import { setTimeout as delay } from 'node:timers/promises'
        const { runGuarded } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/daemon/guarded-process.ts'))})
        const [folder, pidFile] = ${JSON.stringify([folder, join(dir.path, 'pid')])}
        runGuarded({ command: ['/bin/sh', '-c', 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 600', pidFile], env: process.env, folder })
        while (!existsSync(pidFile)) await delay(10)
        ${end}
      `,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const [said] = await Promise.all([text(us.stderr), once(us, 'exit')])
    assert.equal(said, '')
    await untilEnded(Number(await written(join(dir.path, 'pid'))))
    while (existsSync(folder)) await delay(10)
  })
}
