// Turns proto/ into src/gen/: the same output every time, without a network. CI runs it and fails on a change.
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = join(root, 'src/gen')
const bin = join(createRequire(import.meta.url).resolve('protobufjs-cli/package.json'), '..', 'bin')
const run = promisify(execFile)

const generated = '// Generated from proto/ by scripts/gen-proto.ts. Do not edit.\n'

await rm(output, { recursive: true, force: true })
await mkdir(output, { recursive: true })
// The types are read from the comments of the code, which the code we keep does without.
const file = join(output, 'buildkit.js')
await pbjs()
await pbts()
await pbjs('--no-comments')

async function pbjs(...more: string[]): Promise<void> {
  const only = [
    '--no-verify',
    '--no-convert',
    '--no-delimited',
    '--no-service',
    '--no-typeurl',
    '--keep-case',
  ]
  const shape = [
    '-t',
    'static-module',
    '-w',
    'es6',
    '--es6',
    '-r',
    'buildkit-client',
    '-p',
    'proto',
    '-o',
    file,
  ]
  await run(process.execPath, [join(bin, 'pbjs'), ...shape, ...only, ...more, ...(await protoFiles())], {
    cwd: root,
  })
  const code = await readFile(file, 'utf8')
  // The runtime is CommonJS without an exports map: ES modules need the file's whole name.
  const importLine = /^import .*protobufjs\/minimal.*$/m
  if (!importLine.test(code)) throw new Error('the generator no longer writes the import this script mends')
  await writeFile(
    file,
    generated + code.replace(importLine, 'import $protobuf from "protobufjs/minimal.js";'),
  )
}

async function pbts(): Promise<void> {
  const typesFile = join(output, 'buildkit.d.ts')
  await run(process.execPath, [join(bin, 'pbts'), '-o', typesFile, file], { cwd: root })
  const types = await readFile(typesFile, 'utf8')
  await writeFile(typesFile, generated + types.replace(/"protobufjs"/, '"protobufjs/minimal.js"'))
}

async function protoFiles(): Promise<string[]> {
  const entries = await readdir(join(root, 'proto'), { recursive: true })
  return entries
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => join('proto', name))
}
