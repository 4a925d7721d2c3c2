import { readdir, readFile, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { checkout } from './parts/cache.ts'
import { runScript } from './parts/interruption.ts'

/**
 * The folders of `src/` in reading order, and from which others each may import. A folder within one is a room with a
 * row of its own: its own folder's files are another row, like any other. `root` is the files in `src/` itself.
 * `(types)` after a name stands for `import type` only. A name that no file needs is a complaint too.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  gen: [],
  network: ['base'],
  grpc: ['base', 'gen'],
  fsutil: ['base'],
  'fsutil/patterns': ['base', 'fsutil'],
  'fsutil/disk': ['base', 'fsutil', 'fsutil/patterns'],
  'fsutil/send': ['base', 'fsutil', 'fsutil/patterns', 'fsutil/disk'],
  'fsutil/receive': ['base', 'fsutil'],
  registry: ['base', 'network'],
  transport: ['base', 'network', 'grpc'],
  engine: ['base', 'network', 'transport'],
  control: ['base', 'gen', 'grpc', 'transport (types)'],
  session: ['base', 'gen', 'grpc'],
  'session/auth': ['base', 'gen', 'grpc', 'registry', 'session'],
  'session/files': ['base', 'grpc', 'fsutil/send', 'fsutil/receive', 'session'],
  'solve/status': ['base', 'gen', 'grpc'],
  'solve/options': [
    'base',
    'gen',
    'registry',
    'transport (types)',
    'control',
    'fsutil/disk',
    'session (types)',
    'session/files (types)',
  ],
  'solve/failure': ['base', 'gen', 'grpc', 'control', 'session (types)', 'solve/status (types)'],
  solve: [
    'base',
    'gen',
    'grpc',
    'transport',
    'control (types)',
    'session',
    'session/auth',
    'session/files',
    'solve/status',
    'solve/options',
    'solve/failure',
  ],
  platforms: ['base', 'registry', 'solve/options'],
  progress: ['base', 'solve/status (types)'],
  daemon: ['base', 'network (types)', 'transport', 'engine'],
  root: [
    'base',
    'network (types)',
    'grpc',
    'transport',
    'control',
    'session',
    'session/auth',
    'session/files (types)',
    'solve/status (types)',
    'solve/options (types)',
    'solve/failure',
    'solve',
  ],
  'depot/api/http': ['base'],
  'depot/api': ['base', 'gen', 'network', 'depot/api/http'],
  'depot/identity': ['base', 'network', 'depot/api'],
  'depot/account': ['base', 'gen', 'depot/api'],
  'depot/machine': [
    'base',
    'gen',
    'grpc',
    'transport',
    'control',
    'solve/failure',
    'solve (types)',
    'root',
    'depot/api',
  ],
  'depot/builds': [
    'base',
    'gen',
    'grpc',
    'registry',
    'session (types)',
    'session/auth',
    'solve/failure',
    'solve (types)',
    'depot/api',
    'depot/machine',
  ],
  'depot/run': [
    'base',
    'network (types)',
    'registry',
    'transport',
    'engine',
    'platforms',
    'session (types)',
    'session/auth',
    'session/files',
    'solve/status (types)',
    'solve/options',
    'solve/failure',
    'solve (types)',
    'depot/identity',
    'depot/machine',
    'depot/builds',
  ],
  depot: [
    'base',
    'engine (types)',
    'depot/api',
    'depot/identity',
    'depot/account',
    'depot/machine',
    'depot/builds',
    'depot/run',
  ],
  cli: [
    'base',
    'network (types)',
    'fsutil/receive',
    'registry',
    'solve/options',
    'solve/failure (types)',
    'daemon',
    'root',
    'cli/commands',
  ],
  'cli/commands': [
    'base',
    'control (types)',
    'session/auth',
    'solve/options',
    'solve/failure',
    'solve (types)',
    'progress',
    'root (types)',
    'cli',
  ],
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
    ...unused(imports),
    ...(await againstDependencies(imports)),
    ...cycles(imports),
    ...(await againstDocument(process.argv.includes('--write'))),
  ]
  for (const complaint of complaints) console.error(complaint)
  if (complaints.length === 0) console.log(`${imports.length} imports OK`)
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

/** The permissions that no import needs. */
function unused(imports: readonly Import[]): string[] {
  const used = new Map<string, 'types' | 'values'>()
  for (const line of imports) {
    const target = importedFile(line)
    if (target === undefined) continue
    const pair = `${folderOf(line.file)} ${folderOf(target)}`
    if (!line.typesOnly) used.set(pair, 'values')
    else if (!used.has(pair)) used.set(pair, 'types')
  }
  return Object.entries(allowed).flatMap(([folder, names]) =>
    names.flatMap((name) => {
      const [to, types] = name.split(' ') as [string, string?]
      const found = used.get(`${folder} ${to}`)
      if (found === undefined)
        return [`${folder} may import ${name}, and no file of it does: take that out of the table`]
      if (found === 'types' && types === undefined)
        return [`${folder} imports only types of ${name}: write ${name} (types) in the table`]
      return []
    }),
  )
}

/** The row that a file belongs to: the innermost folder with one. */
function folderOf(file: string): string {
  const folder = posix.dirname(file)
  if (folder === '.') return 'root'
  return Object.hasOwn(allowed, folder) || !folder.includes('/') ? folder : folderOf(folder)
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
