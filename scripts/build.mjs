// Makes dist/ from src/. Plain JavaScript, because npm runs it when it packs. The code is put together into a few
// files: loading a hundred small ones takes Node longer than a small build.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })

// The declarations stay as many as the sources.
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']
const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
cpSync('src/gen', 'dist/gen', { recursive: true, filter: (path) => !path.endsWith('.js') })

await build({
  entryPoints: {
    index: 'src/index.ts',
    'progress/index': 'src/progress/index.ts',
    'depot/index': 'src/depot/index.ts',
    'cli/bin': 'src/cli/bin.ts',
    // Started by its file's name, which it looks for beside the code that starts it.
    'disk-thread': 'src/fsutil/disk/disk-thread.ts',
  },
  outdir: 'dist',
  bundle: true,
  // What several of them use is there once: an error's class must be the same for all.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  // All packages but the runtime of BuildKit's messages: loading its two dozen files takes longer than connecting.
  external: Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies),
  sourcemap: 'linked',
  logLevel: 'warning',
})
chmodSync('dist/cli/bin.js', 0o755)

const bundled = ['protobufjs', 'long']
const licenses = bundled.map(
  (name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`,
)
writeFileSync('dist/LICENSES.txt', `Parts of this code are:\n\n${licenses.join('\n\n')}`)
