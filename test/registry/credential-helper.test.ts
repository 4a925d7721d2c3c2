import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { credentialsFromHelper, type HelperQuestion } from '../../src/registry/credential-helper.ts'
import { tempDir } from '../support/temp.ts'

/** A folder for helpers, each a shell script, with a question for one of them. */
async function helpers() {
  const dir = await tempDir()
  const add = async (name: string, script: string) => {
    const file = join(dir.path, `docker-credential-${name}`)
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
  }
  const ask = (name: string, more: Partial<HelperQuestion> = {}) =>
    credentialsFromHelper({
      name,
      configuredBy: 'credsStore in /x/config.json',
      serverKey: 'registry.example',
      env: { PATH: `${dir.path}:/usr/bin:/bin`, DIR: dir.path },
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      ...more,
    })
  return { path: dir.path, add, ask, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  assert.ok(error instanceof Error, 'it must reject')
  return error
}

async function fileOf(path: string): Promise<string> {
  for (let tries = 0; tries < 2000; tries++) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text.endsWith('\n')) return text
    await sleep(5)
  }
  throw new Error(`${path} did not appear`)
}

async function ended(pid: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await sleep(5)
  }
  throw new Error(`process ${pid} did not end`)
}

/** The pipes that this process holds; those of the test runner are always there. */
function pipes(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length
}

/** The programs that it has started, and that have not ended. */
function children(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length
}

async function fallTo(count: number, held: () => number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (held() <= count) return
    await sleep(5)
  }
  assert.fail(`${held()} are left, expected ${count}`)
}

/** The end of a helper's script. */
const answer = `echo '{"Username":"me","Secret":"p"}'`

describe('credentialsFromHelper', () => {
  const replies: [string, string, unknown][] = [
    [
      'a password',
      `echo '{"ServerURL":"x","Username":"me","Secret":"p:w"}'`,
      { username: 'me', password: 'p:w' },
    ],
    ['an identity token', `echo '{"Username":"<token>","Secret":"idt"}'`, { identityToken: 'idt' }],
    ['an empty secret as none', `echo '{"Username":"","Secret":""}'`, undefined],
    ['that it has none', `echo 'credentials not found in native keychain'; exit 1`, undefined],
    ['that it has none, with exit code 0', `echo 'credentials not found in native keychain'`, undefined],
  ]
  for (const [name, script, expected] of replies) {
    it(`reads ${name}`, async () => {
      await using at = await helpers()
      await at.add('fake', script)
      assert.deepEqual(await at.ask('fake'), expected)
    })
  }

  it('runs `get` with the server key on stdin', async () => {
    await using at = await helpers()
    await at.add('fake', `read key; echo "{\\"Username\\":\\"$*\\",\\"Secret\\":\\"$key\\"}"`)
    assert.deepEqual(await at.ask('fake', { serverKey: 'https://index.docker.io/v1/' }), {
      username: 'get',
      password: 'https://index.docker.io/v1/',
    })
  })

  it('takes an answer from a helper that does not read the question', async () => {
    await using at = await helpers()
    await at.add('fake', `exec 0<&-; echo '{"Username":"me","Secret":"p"}'`)
    const answer = await at.ask('fake', { serverKey: 'x'.repeat(1 << 20) })
    assert.deepEqual(answer, { username: 'me', password: 'p' })
  })

  const failures: [string, string, string][] = [
    ['words on stdout', `echo 'store is locked'; exit 1`, 'exit code 1 and 16 bytes'],
    ['words on stderr', `echo 'no bus' >&2; exit 3`, 'exit code 3 and 7 bytes'],
    ['no words', 'exit 2', 'exit code 2 and 0 bytes'],
    ['a signal', 'kill -TERM $$', 'SIGTERM and 0 bytes'],
  ]
  for (const [name, script, received] of failures) {
    it(`says which helper has failed, with ${name}`, async () => {
      await using at = await helpers()
      await at.add('fake', script)
      const error = await rejection(at.ask('fake'))
      assert.equal((error as { code?: string }).code, 'CREDENTIALS_FAILED')
      assert.equal((error as { subject?: string }).subject, 'docker-credential-fake')
      assert.equal(
        error.message,
        `credential helper docker-credential-fake failed: expected credentials for registry.example, got ${received}, ` +
          'not shown as they may hold a secret. Run it by hand to read them. ' +
          'It is configured by credsStore in /x/config.json',
      )
    })
  }

  const leaks: [string, string][] = [
    ['fails after its answer', `echo '{"Username":"me","Secret":"sesame"}'; exit 1`],
    ['answers something else', 'echo sesame'],
    ['answers broken JSON', `echo '{"Secret":"sesame"'`],
    ['answers JSON of another form', `echo '["sesame"]'`],
    ['answers a secret that is no text', `echo '{"Username":"sesame","Secret":1}'`],
    ['fails with a short secret', 'echo sesame; exit 1'],
    ['fails with a short secret among words', 'echo wrong password sesame; exit 1'],
    ['fails with a secret on stderr', 'echo wrong password sesame >&2; exit 1'],
    ['fails with a URL', `echo 'cannot reach https://me:sesame@vault.example/'; exit 1`],
    ['fails with escapes', `printf '\\033[31msesame\\033[0m'; exit 1`],
  ]
  for (const [name, script] of leaks) {
    it(`tells no secret of a helper that ${name}`, async () => {
      await using at = await helpers()
      await at.add('fake', script)
      const error = await rejection(at.ask('fake'))
      assert.equal((error as { code?: string }).code, 'CREDENTIALS_FAILED')
      assert.doesNotMatch(inspect(error, { depth: 9 }) + JSON.stringify(error), /sesame|\\u001b|\x1b/)
    })
  }

  it('gives up on a helper that hangs, and kills it', async () => {
    await using at = await helpers()
    await at.add('fake', 'exec sleep 600')
    const before = children()
    const error = await rejection(at.ask('fake', { timeoutMs: 300 }))
    assert.match(
      error.message,
      /docker-credential-fake timed out: expected credentials for registry\.example within 300 ms, got none\./,
    )
    await fallTo(before, children)
  })

  it('kills a helper that ignores SIGTERM, and holds none of its pipes', async () => {
    await using at = await helpers()
    // What it has started lives on with the other ends of its pipes.
    await at.add('fake', `trap '' TERM; sleep 600 & echo $! > $DIR/child; echo $$ > $DIR/pid; wait`)
    const before = pipes()
    const abort = new AbortController()
    const asked = at.ask('fake', { signal: abort.signal })
    const pid = Number(await fileOf(join(at.path, 'pid')))
    const child = Number(await fileOf(join(at.path, 'child')))
    try {
      abort.abort(new Error('enough'))
      await assert.rejects(asked, { message: 'enough' })
      await ended(pid)
      process.kill(child, 0)
      await fallTo(before, pipes)
    } finally {
      process.kill(child, 'SIGKILL')
    }
  })

  it('kills a helper when nobody waits any more, and throws the reason', async () => {
    await using at = await helpers()
    await at.add('fake', 'echo $$ > $DIR/pid; exec sleep 600')
    const abort = new AbortController()
    const asked = at.ask('fake', { signal: abort.signal })
    const pid = Number(await fileOf(join(at.path, 'pid')))
    const reason = new Error('enough')
    abort.abort(reason)
    await assert.rejects(asked, (error) => error === reason)
    await ended(pid)
    assert.deepEqual(getEventListeners(abort.signal, 'abort'), [])
  })

  for (const [where, redirect] of [
    ['stdout', ''],
    ['stderr', '>&2'],
  ] as const) {
    it(`stops a helper that writes without end to ${where}`, async () => {
      await using at = await helpers()
      await at.add('fake', `echo $$ > $DIR/pid; exec cat /dev/zero ${redirect}`)
      const error = await rejection(at.ask('fake'))
      assert.match(error.message, /returned too much: expected at most 262144 bytes/)
      await ended(Number(await fileOf(join(at.path, 'pid'))))
    })
  }

  it('asks a helper one question at a time', async () => {
    await using at = await helpers()
    await at.add('one', `mkdir $DIR/busy || exit 9; sleep 0.05; rmdir $DIR/busy; ${answer}`)
    const answers = await Promise.all([1, 2, 3].map(() => at.ask('one')))
    assert.deepEqual(answers, Array(3).fill({ username: 'me', password: 'p' }))
  })

  it('asks other helpers meanwhile, and the same one for another environment', async () => {
    await using at = await helpers()
    await at.add('stuck', `[ "$TENANT" = b ] || exec sleep 600; ${answer}`)
    await at.add('other', answer)
    const abort = new AbortController()
    const stuck = at.ask('stuck', { signal: abort.signal })
    const env = { PATH: `${at.path}:/usr/bin:/bin`, TENANT: 'b' }
    for (const asked of [at.ask('other'), at.ask('stuck', { env })])
      assert.deepEqual(await asked, { username: 'me', password: 'p' })
    abort.abort(new Error('enough'))
    await assert.rejects(stuck, { message: 'enough' })
  })

  it('counts the wait for an earlier question as time of the later one', async () => {
    await using at = await helpers()
    await at.add('stuck', 'echo x >> $DIR/started; exec sleep 600')
    const abort = new AbortController()
    const first = at.ask('stuck', { signal: abort.signal })
    await fileOf(join(at.path, 'started'))
    const error = await rejection(at.ask('stuck', { timeoutMs: 100 }))
    assert.match(
      error.message,
      /timed out: expected credentials for registry\.example within 100 ms, got still waiting for its answer to an earlier question/,
    )
    assert.equal(await fileOf(join(at.path, 'started')), 'x\n')
    abort.abort(new Error('enough'))
    await assert.rejects(first, { message: 'enough' })
  })

  it('says that a helper is not there', async () => {
    await using at = await helpers()
    const error = await rejection(at.ask('absent'))
    assert.equal((error as { code?: string }).code, 'CREDENTIALS_FAILED')
    assert.match(
      error.message,
      /docker-credential-absent cannot be started: got no such program on the PATH\./,
    )
    assert.equal((error.cause as { code?: string }).code, 'ENOENT')
  })

  it('says that a helper may not be run', async () => {
    await using at = await helpers()
    await at.add('fake', 'exit 0')
    await chmod(join(at.path, 'docker-credential-fake'), 0o644)
    const error = await rejection(at.ask('fake'))
    assert.match(error.message, /docker-credential-fake cannot be started: got .*EACCES/)
  })

  it('runs no program whose name leads elsewhere', async () => {
    await using at = await helpers()
    await mkdir(join(at.path, 'docker-credential-x'))
    await at.add('x/evil', 'touch $DIR/ran')
    const names = ['x/evil', '../evil', '', '-x', '.x', 'a b', 'a;b', 'a\\b', 'a\nb', 'a\0b', '$x']
    for (const name of names) {
      const error = await rejection(at.ask(name))
      assert.equal((error as { code?: string }).code, 'CREDENTIALS_FAILED', JSON.stringify(name))
      assert.match(error.message, /cannot be started: expected a name of letters/, JSON.stringify(name))
    }
    await assert.rejects(readFile(join(at.path, 'ran')), { code: 'ENOENT' })
  })
})
