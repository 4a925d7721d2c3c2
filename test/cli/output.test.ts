import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { exportOf } from '../../src/cli/output.ts'
import type { Export } from '../../src/solve/options/options.ts'

const stdout = new PassThrough()
const terminal = Object.assign(new PassThrough(), { isTTY: true })

describe('exportOf', () => {
  const good: [string, Export][] = [
    ['out', { type: 'local', outputDir: '/home/out', attrs: {} }],
    ['/abs/out', { type: 'local', outputDir: '/abs/out', attrs: {} }],
    ['"a,b"', { type: 'local', outputDir: '/home/a,b', attrs: {} }],
    ['-', { type: 'tar', output: stdout, attrs: {} }],
    ['type=local,dest=a=b', { type: 'local', outputDir: '/home/a=b', attrs: {} }],
    ['type=local,dest=out,mode=delete', { type: 'local', outputDir: '/home/out', attrs: { mode: 'delete' } }],
    ['TYPE=tar,Dest=x.tar', { type: 'tar', output: '/home/x.tar', attrs: {} }],
    ['type=tar', { type: 'tar', output: stdout, attrs: {} }],
    ['type=oci,dest=-', { type: 'oci', output: stdout, attrs: {} }],
    [
      'type=docker,"dest=my ""app"", v1.tar",name=a:1',
      { type: 'docker', output: '/home/my "app", v1.tar', attrs: { name: 'a:1' } },
    ],
    [
      'type=image,name=a:1,push=true,oci-mediatypes=true',
      { type: 'image', attrs: { name: 'a:1', push: 'true', 'oci-mediatypes': 'true' } },
    ],
    ['type=moby,name=a:1', { type: 'moby', attrs: { name: 'a:1' } }],
    [
      'type=oci,dest=x,tar=true,annotation.k=v',
      { type: 'oci', output: '/home/x', attrs: { tar: 'true', 'annotation.k': 'v' } },
    ],
    ['type=image,"name=a:1,a:2"', { type: 'image', attrs: { name: 'a:1,a:2' } }],
  ]
  for (const [text, expected] of good) {
    it(`reads ${text}`, () => {
      assert.deepEqual(exportOf(text, { cwd: '/home', stdout }), expected)
    })
  }

  const bad: [string, string][] = [
    ['dest=out', 'type=local, tar, oci, docker or image'],
    ['type=local', 'dest=DIRECTORY for a local output'],
    ['type=local,dest=-', 'dest=DIRECTORY for a local output'],
    ['type=image,dest=x', 'no dest for type=image, which writes nothing here'],
    ['type=image,push', 'KEY=VALUE between the commas'],
    ['type=image,=x', 'KEY=VALUE between the commas'],
    ['a,b', 'KEY=VALUE between the commas'],
    ['type="oci"', 'CSV: quotes around a whole KEY=VALUE, doubled inside'],
    ['type=zip', 'type=local, tar, oci, docker or image'],
    ['type=zip,dest=x', 'type=local, tar, oci, docker or image'],
    ['type=', 'type=local, tar, oci, docker or image'],
  ]
  for (const [text, expected] of bad) {
    it(`refuses ${text}`, () => {
      assert.throws(() => exportOf(text, { cwd: '/home', stdout }), {
        code: 'INVALID_OPTION',
        message: `option --output cannot be used: expected ${expected}, got ${JSON.stringify(text)}`,
      })
    })
  }

  const misspelt: [string, string, string][] = [
    ['type=oic,dest=x', 'type=local, tar, oci, docker or image', 'type=oci'],
    ['type=Docker,dest=x', 'type=local, tar, oci, docker or image', 'type=docker'],
    ['tpye=oci,dest=x', 'no tpye', 'type'],
    ['type=oci,dst=x', 'no dst', 'dest'],
    ['type=local,dset=x', 'no dset', 'dest'],
    ['type=tar,destination=x', 'no destination', 'dest'],
    ['type=tar,dest=x,dst=y', 'no dst', 'dest'],
  ]
  for (const [text, expected, meant] of misspelt) {
    it(`refuses ${text}, and says that ${meant} may have been meant`, () => {
      assert.throws(() => exportOf(text, { cwd: '/home', stdout }), {
        code: 'INVALID_OPTION',
        expected,
        received: JSON.stringify(text),
        advice: `Did you mean ${meant}?`,
      })
    })
  }

  for (const text of ['-', 'type=oci', 'type=docker,dest=-']) {
    it(`refuses ${text} when standard output is a terminal`, () => {
      assert.throws(() => exportOf(text, { cwd: '/home', stdout: terminal }), {
        code: 'INVALID_OPTION',
        expected: 'dest=FILE, or standard output redirected: an archive is not for a terminal',
      })
    })
  }
})
