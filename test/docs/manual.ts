import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A program of a page of the manual. */
export interface Snippet {
  /** Page and place in it, for the test's name. */
  readonly name: string
  readonly language: Language
  readonly code: string
}

type Language = 'ts' | 'js'

/** The programs of a page, in order: each of its blocks in TypeScript or JavaScript is one. */
export async function snippetsOf(page: string): Promise<Snippet[]> {
  return blocks(await readFile(join(root, page), 'utf8')).map((block, index) => ({
    name: `${page}, snippet ${index + 1}`,
    ...block,
  }))
}

/** The same of a page that tells programs in pieces, in TypeScript: all below one heading of second order are one. */
export async function sectionsOf(page: string): Promise<Snippet[]> {
  const [before = '', ...sections] = (await readFile(join(root, page), 'utf8')).split(/^## /m)
  const named = [`the beginning\n${before}`, ...sections]
  return named
    .map((text) => ({
      name: `${page}, ${text.slice(0, text.indexOf('\n'))}`,
      language: 'ts' as const,
      code: blocks(text)
        .map(({ code }) => code)
        .join('\n'),
    }))
    .filter(({ code }) => code !== '')
}

function blocks(text: string): { language: Language; code: string }[] {
  const matches = text.matchAll(/^```(ts|js)\n(.*?)^```$/gms)
  return [...matches].map(([, language, code]) => ({ language: language as Language, code: code! }))
}

/** True for a program that needs Depot, which `depot.test.ts` runs. */
export function needsDepot({ code }: Snippet): boolean {
  return code.includes(`'buildkit-client/depot'`)
}

export interface RunOptions {
  /** Words of the manual, and what they are here. */
  readonly words: Readonly<Record<string, string>>
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs a program as a reader would, in a folder with a Dockerfile; the package is this checkout. Returns what it
 * prints.
 */
export async function runSnippet(
  { language, code }: Snippet,
  folder: string,
  { words, env }: RunOptions,
): Promise<string> {
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/buildkit-client'))
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
  const entry = (name: string) => `'${join(root, 'src', name)}'`
  const all = {
    ...words,
    "'buildkit-client/progress'": entry('progress/index.ts'),
    "'buildkit-client/depot'": entry('depot/index.ts'),
    "'buildkit-client'": entry('index.ts'),
  }
  const program = Object.entries(all).reduce((text, [from, to]) => text.replaceAll(from, to), code)
  const file = `snippet.m${language}`
  await writeFile(join(folder, file), program)
  // What claims to be JavaScript must be that for Node, not only for tsx.
  if (language === 'js') await run(process.execPath, ['--check', file], { cwd: folder })
  const args = ['--import', import.meta.resolve('tsx'), file]
  const { stdout } = await run(process.execPath, args, { cwd: folder, env: env ?? process.env })
  return stdout
}

/** What a page promises in a comment behind `console.log`, where it is one value. */
export function promises({ code }: Snippet): string[] {
  const comments = [...code.matchAll(/console\.log\(.*\)\s*\/\/ ([A-Z_0-9 ]+|ready)$/gm)]
  return comments.map((match) => match[1]!)
}
