import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { BuildkitError } from '../../../src/base/errors.ts'
import { resolveProjectId } from '../../../src/depot/identity/project-id.ts'
import { tempDir } from '../../support/temp.ts'

/** A folder with these files in it, by their paths. */
async function folder(files: Record<string, string>) {
  const dir = await tempDir()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir.path, path, '..'), { recursive: true })
    await writeFile(join(dir.path, path), text)
  }
  return dir
}

function refused(subject: string, ...words: string[]) {
  return (error: BuildkitError) => {
    assert.equal(error.code, 'INVALID_OPTION')
    assert.equal(error.subject, subject)
    for (const word of words) assert.ok(error.message.includes(word), `${word} in ${error.message}`)
    return true
  }
}

describe('resolveProjectId', () => {
  it('takes the option before DEPOT_PROJECT_ID, and that before a file', async () => {
    await using dir = await folder({ 'depot.json': '{"id":"from-file"}' })
    const from = [dir.path]
    const env = { DEPOT_PROJECT_ID: ' from-env\n' }
    assert.equal(await resolveProjectId({ projectId: 'given', env, from }), 'given')
    assert.equal(await resolveProjectId({ env, from }), 'from-env')
    assert.equal(await resolveProjectId({ env: {}, from }), 'from-file')
    assert.equal(await resolveProjectId({ env: { DEPOT_PROJECT_ID: '' }, from }), 'from-file')
  })

  const forms: [string, string, string][] = [
    ['depot.json', '{"id": "krt0wtn195"}', 'krt0wtn195'],
    ['depot.json', '{\n\t"id": "krt0wtn195",\n\t"other": [1, 2]\n}\n', 'krt0wtn195'],
    ['depot.yml', 'id: krt0wtn195 # ours\n', 'krt0wtn195'],
    ['depot.yaml', '---\nid: "krt0wtn195"\n', 'krt0wtn195'],
    ['depot.yaml', 'id: 12e4567890\n', '12e4567890'],
    ['depot.yaml', 'id: 0123456789\n', '0123456789'],
  ]
  for (const [name, text, id] of forms) {
    it(`reads ${name} that holds ${JSON.stringify(text)}`, async () => {
      await using dir = await folder({ [name]: text })
      assert.equal(await resolveProjectId({ env: {}, from: [dir.path] }), id)
    })
  }

  it('takes depot.json before depot.yml before depot.yaml of one folder, and the nearest folder', async () => {
    await using dir = await folder({
      'depot.json': 'id: top',
      'a/depot.yml': 'id: yml',
      'a/depot.yaml': 'id: yaml',
      'a/b/depot.json': 'id: json',
      'a/b/depot.yml': 'id: not-this',
      'a/b/c/file': '',
    })
    const idFrom = (path: string) => resolveProjectId({ env: {}, from: [join(dir.path, path)] })
    assert.equal(await idFrom('a/b/c'), 'json')
    assert.equal(await idFrom('a/b/c/file'), 'json', 'a file stands for its folder')
    assert.equal(await idFrom('a/b/not-there'), 'json')
    assert.equal(await idFrom('a'), 'yml')
    assert.equal(await idFrom('.'), 'top')
  })

  it('looks in the working directory unless told otherwise', async () => {
    await using dir = await folder({ 'depot.json': 'id: here' })
    const module = new URL('../../../src/depot/identity/project-id.ts', import.meta.url).href
    const code = `
      const { resolveProjectId } = await import('${module}')
      console.log(await resolveProjectId({ env: {} }))`
    const loader = import.meta.resolve('tsx')
    const args = ['--import', loader, '--input-type=module', '-e', code]
    assert.equal(execFileSync(process.execPath, args, { cwd: dir.path, encoding: 'utf8' }), 'here\n')
  })

  it('accepts two folders of the same project, and refuses two projects, naming both files', async () => {
    await using dir = await folder({ 'a/depot.json': 'id: one', 'b/depot.yml': 'id: two' })
    const [a, b] = [join(dir.path, 'a'), join(dir.path, 'b')]
    assert.equal(await resolveProjectId({ env: {}, from: [a, join(a, 'x')] }), 'one')
    await assert.rejects(
      resolveProjectId({ env: {}, from: [a, b] }),
      refused('projectId', join(a, 'depot.json'), join(b, 'depot.yml'), 'Give the option projectId'),
    )
  })

  it('says what was looked for, and where, when there is none', async () => {
    await using dir = await tempDir()
    await assert.rejects(
      resolveProjectId({ env: {}, from: [dir.path] }),
      refused('projectId', 'DEPOT_PROJECT_ID', 'depot.json, depot.yml, depot.yaml', dir.path, 'or above'),
    )
  })

  const malformed: [string, string][] = [
    ['{"id": "secret', 'line 1'],
    ['a: b: secret', 'line 1'],
    ['- id: secret', 'keys and values'],
    ['secret', 'keys and values'],
    ['', 'under the key id, got none'],
    ['name: secret', 'under the key id, got none'],
    ['id: {secret: 1}', 'under the key id, got something else'],
    ['id: "sec ret"', 'under the key id, got something else'],
    [`id: a\nx: ${'secret'.repeat(12_000)}`, 'at most 8192 bytes, got more'],
  ]
  for (const [text, words] of malformed) {
    it(`refuses a depot.yaml that holds ${JSON.stringify(text.slice(0, 30))}, and does not quote it`, async () => {
      await using dir = await folder({ 'depot.yaml': text })
      const path = join(dir.path, 'depot.yaml')
      await assert.rejects(resolveProjectId({ env: {}, from: [dir.path] }), (error: BuildkitError) => {
        assert.doesNotMatch(`${error.message}${error.cause}`, /secret/)
        return refused(path, words)(error)
      })
    })
  }

  it('does not keep the process busy for long with a file that is made to', async () => {
    for (const part of ['{}{}', '"', '*a ', '[']) {
      await using dir = await folder({ 'depot.yaml': part.repeat((64 << 10) / part.length) })
      const began = performance.now()
      await assert.rejects(resolveProjectId({ env: {}, from: [dir.path] }), { code: 'INVALID_OPTION' })
      const took = performance.now() - began
      assert.ok(took < 2_000, `64 KiB of ${part} took ${took} ms`)
    }
  })

  it('refuses a pipe of that name without waiting for it', {
    skip: process.platform === 'win32',
  }, async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'depot.json')
    execFileSync('mkfifo', [path])
    await assert.rejects(resolveProjectId({ env: {}, from: [dir.path] }), refused(path, 'expected a file'))
  })

  for (const projectId of ['', ' ', 'two words', '../up', 'x'.repeat(256)]) {
    it(`refuses the option ${JSON.stringify(projectId.slice(0, 20))}, whatever the environment says`, async () => {
      const env = { DEPOT_PROJECT_ID: 'other' }
      await assert.rejects(resolveProjectId({ projectId, env }), refused('projectId'))
    })
  }

  it('refuses a DEPOT_PROJECT_ID that is none', async () => {
    await assert.rejects(
      resolveProjectId({ env: { DEPOT_PROJECT_ID: 'a b' } }),
      refused('DEPOT_PROJECT_ID', 'got "a b"'),
    )
  })
})
