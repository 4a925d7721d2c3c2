// Makes dist/ from src/. Plain JavaScript, because npm runs it when it packs.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']
const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
// The generated code is JavaScript already, which the compiler leaves where it is.
cpSync('src/gen', 'dist/gen', { recursive: true })
chmodSync('dist/cli/bin.js', 0o755)
