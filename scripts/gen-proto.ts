// Mutex proto/ into src/gen/: the same output every time, without a network. CI runs it and fails on a change.
// Depot's messages go through the generator of its RPC library, BuildKit's through protobufjs.
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
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
await protobufEs()

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
  // The runtime is CommonJS without an exports map: ES modules need the file's whole name. What reads a message is
  // exported, so that its limits can be ours.
  const importLine = /^import .*protobufjs\/minimal.*$/m
  if (!importLine.test(code)) throw new Error('the generator no longer writes the import this script mends')
  await writeFile(
    file,
    generated +
      code.replace(
        importLine,
        'import $protobuf from "protobufjs/minimal.js";\n\nexport const BufferReader = $protobuf.BufferReader;',
      ),
  )
}

async function pbts(): Promise<void> {
  const typesFile = join(output, 'buildkit.d.ts')
  await run(process.execPath, [join(bin, 'pbts'), '-o', typesFile, file], { cwd: root })
  const types = await readFile(typesFile, 'utf8')
  await writeFile(
    typesFile,
    generated +
      types.replace(
        /"protobufjs";/,
        '"protobufjs/minimal.js";\nexport { BufferReader } from "protobufjs/minimal.js";',
      ),
  )
}

/** Code and types for each file in `proto/depot/`: messages and services. */
async function protobufEs(): Promise<void> {
  const template = {
    version: 'v2',
    inputs: [{ directory: 'proto' }],
    plugins: [{ local: 'protoc-gen-es', out: 'src/gen', opt: ['target=js+dts', 'import_extension=js'] }],
  }
  const tools = join(root, 'node_modules/.bin')
  await run(
    join(tools, 'buf'),
    ['generate', '--path', 'proto/depot', '--template', JSON.stringify(template)],
    {
      cwd: root,
      env: { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH}` },
    },
  )
}

/** Those of BuildKit. */
async function protoFiles(): Promise<string[]> {
  const entries = await readdir(join(root, 'proto'), { recursive: true })
  return entries
    .filter((name) => name.endsWith('.proto') && !name.startsWith('depot'))
    .sort()
    .map((name) => join('proto', name))
}
