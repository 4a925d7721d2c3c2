import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { buildctl, busybox, startDaemon } from './daemon.ts'
import { skipWithout } from './skip.ts'
import { tempDir } from './temp.ts'

const needs = { skip: skipWithout('buildkitd', 'buildctl', 'busybox') }

for (const end of ['stop', 'kill'] as const) {
  test(`a daemon that ends by ${end} in the middle of a build leaves nothing behind`, needs, async () => {
    const daemon = await startDaemon()
    await using dir = await tempDir()
    await copyFile(busybox(), `${dir.path}/busybox`)
    await writeFile(`${dir.path}/Dockerfile`, endlessBuild)
    const locals = [`--local=context=${dir.path}`, `--local=dockerfile=${dir.path}`]
    const build = spawn(
      buildctl(),
      ['--addr', daemon.ready.unix, 'build', '--progress=plain', '--frontend=dockerfile.v0', ...locals],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const built = once(build, 'exit')
    for await (const line of createInterface(build.stderr)) if (line.endsWith(' the step runs')) break
    assert.equal((await endlessSteps(daemon.folder)).length, 1)
    if (end === 'kill') await daemon.kill()
    await daemon.stop()
    await built
    assert.deepEqual(await endlessSteps(daemon.folder), [])
    await assert.rejects(access(daemon.folder), { code: 'ENOENT' })
  })
}

const endlessBuild = `FROM scratch
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
RUN /bin/busybox echo the step runs; exec /bin/busybox sleep 1000000
`

/** The processes of steps that run in this daemon: those whose root is mounted from its folder. */
async function endlessSteps(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')
    if (commandLine.includes('1000000') && mounts.includes(folder)) found.push(pid)
  }
  return found
}
