import { readdir, readFile, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { checkout } from './parts/cache.ts'
import { runScript } from './parts/interruption.ts'

/**
 * The folders of `src/` in reading order, and from which others each may import. `root` is the files in
 * `src/` itself. `(types)` after a name stands for `import type` only.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  gen: [],
  grpc: ['base'],
  fsutil: ['base'],
  registry: ['base'],
  transport: ['base', 'grpc'],
  session: ['base', 'gen', 'grpc', 'fsutil', 'registry', 'transport'],
  solve: ['base', 'gen', 'grpc', 'fsutil (types)', 'registry', 'transport', 'session'],
  progress: ['base', 'solve (types)'],
  daemon: ['base', 'transport'],
  root: ['base', 'gen', 'grpc', 'fsutil', 'registry', 'transport', 'session', 'solve', 'progress'],
  depot: ['base', 'gen', 'grpc', 'registry', 'transport', 'session', 'solve', 'root'],
  cli: ['base', 'grpc', 'fsutil', 'registry', 'transport', 'session', 'solve', 'progress', 'daemon', 'root'],
}

/** One `import` or `export ... from` line. */
interface Import {
  /** Path under `src/`, with slashes. */
  readonly file: string
  readonly specifier: string
  readonly typesOnly: boolean
}

/**
 * Checks the imports of all files in `src/`: folders against the table above, packages against
 * `dependencies`, and that no file imports itself by way of others. The table stands in CONTRIBUTING.md too;
 * with `--write` it is put there.
 */
async function main(): Promise<number> {
  const imports = await allImports()
  const complaints = [
    ...imports.flatMap(againstTable),
    ...(await againstDependencies(imports)),
    ...cycles(imports),
    ...(await againstDocument(process.argv.includes('--write'))),
  ]
  for (const complaint of complaints) console.error(complaint)
  if (complaints.length === 0) console.log(`${imports.length} imports are as they should be`)
  return complaints.length === 0 ? 0 : 1
}

async function allImports(): Promise<Import[]> {
  const source = join(checkout, 'src')
  const files = (await readdir(source, { recursive: true })).map((file) => file.replaceAll('\\', '/'))
  const ours = files.filter((file) => file.endsWith('.ts') && !file.startsWith('gen/')).sort()
  const found = await Promise.all(
    ours.map(async (file) => importsIn(file, await readFile(join(source, file), 'utf8'))),
  )
  return found.flat()
}

function importsIn(file: string, text: string): Import[] {
  const statement = /^(?:import|export)\b(\s+type\b)?(?:[^'"();]*\bfrom)?\s*['"]([^'"]+)['"]/gm
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g
  return [
    ...[...text.matchAll(statement)].map(([, type, specifier]) => ({
      file,
      specifier: specifier!,
      typesOnly: type !== undefined,
    })),
    ...[...text.matchAll(dynamic)].map(([, specifier]) => ({
      file,
      specifier: specifier!,
      typesOnly: false,
    })),
  ]
}

function againstTable(line: Import): string[] {
  const target = importedFile(line)
  if (target === undefined) return []
  const [from, to] = [folderOf(line.file), folderOf(target)]
  const names = allowed[from]
  if (names === undefined)
    return [`src/${line.file}: the folder ${from} is not in the table of scripts/check-imports.ts`]
  if (from === to || names.includes(to)) return []
  const typesAllowed = names.includes(`${to} (types)`)
  if (typesAllowed && line.typesOnly) return []
  const advice = typesAllowed ? 'only types of it: write import type' : names.join(', ') || 'nothing of ours'
  return [`src/${line.file} imports ${line.specifier}: ${from} may import ${advice}`]
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : 'root'
}

/** The file of ours that an import leads to. */
function importedFile({ file, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined
}

async function againstDependencies(imports: readonly Import[]): Promise<string[]> {
  const { dependencies, optionalDependencies = {} } = JSON.parse(
    await readFile(join(checkout, 'package.json'), 'utf8'),
  )
  const declared = new Set(Object.keys({ ...dependencies, ...optionalDependencies }))
  return imports
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .filter(({ specifier }) => !declared.has(packageOf(specifier)))
    .map(({ file, specifier }) =>
      isBuiltin(specifier)
        ? `src/${file} imports ${specifier}: write node:${specifier}`
        : `src/${file} imports ${specifier}: it is not in the dependencies of package.json`,
    )
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Each circle of files, once. */
function cycles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>()
  for (const line of imports) {
    const target = importedFile(line)
    if (target !== undefined) next.set(line.file, (next.get(line.file) ?? new Set()).add(target))
  }
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file)
    if (start >= 0) found.push(`these files import each other: ${[...path.slice(start), file].join(' -> ')}`)
    if (start >= 0 || done.has(file)) return
    for (const target of next.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return found
}

const document = 'CONTRIBUTING.md'
const begin = '<!-- import table, see scripts/check-imports.ts -->'
const end = '<!-- end of import table -->'

async function againstDocument(write: boolean): Promise<string[]> {
  const path = join(checkout, document)
  const text = await readFile(path, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from)
    return [`${document} lacks the import table: it goes between ${begin} and ${end}`]
  const current = text.slice(from + begin.length, to)
  const wanted = `\n\n${markdownTable()}\n\n`
  if (current === wanted) return []
  if (!write) return [`${document} has another import table: npm run check:imports -- --write puts it right`]
  await writeFile(path, text.slice(0, from + begin.length) + wanted + text.slice(to))
  return []
}

function markdownTable(): string {
  const rows = Object.entries(allowed).map(
    ([folder, names]) => `| \`${folder}\` | ${names.join(', ') || 'nothing of ours'} |`,
  )
  return ['| folder | may import |', '|---|---|', ...rows].join('\n')
}

await runScript(main)
