import { dirname, join, resolve } from 'node:path'
import { BuildkitError, invalidOption } from '../../base/errors.ts'
import { isId } from '../api/id.ts'
import { malformed, readConfigFile } from './config-file.ts'

export interface ProjectIdOptions {
  /** Wins over everything else. */
  readonly projectId?: string | undefined
  /** Where `DEPOT_PROJECT_ID` is looked up. */
  readonly env: NodeJS.ProcessEnv
  /**
   * Folders, or files in them, from which `depot.json` is looked for upwards; the working directory where none of them has
   * one, and by default.
   */
  readonly from?: readonly string[] | undefined
}

/** The names of a project's file in one folder; the first that is there counts (depot/cli `pkg/project`). */
const fileNames = ['depot.json', 'depot.yml', 'depot.yaml'] as const

/**
 * The id of the project to build in, from the first of:
 *
 * 1. the `projectId` option
 * 2. `DEPOT_PROJECT_ID`
 * 3. the key `id` in the nearest `depot.json`, `depot.yml` or `depot.yaml`, upwards from each folder, else from the working
 *    directory
 *
 * Throws INVALID_OPTION: where there is none, saying what was looked for; for a file that is malformed; and where
 * two folders belong to two projects, as a build has one.
 */
export async function resolveProjectId(options: ProjectIdOptions): Promise<string> {
  const { projectId, env, from = ['.'] } = options
  if (projectId !== undefined) return checkedId(projectId, 'projectId')
  const fromEnv = env.DEPOT_PROJECT_ID?.trim()
  if (fromEnv) return checkedId(fromEnv, 'DEPOT_PROJECT_ID')
  const nearest = await projectFiles(from)
  const found = nearest.length > 0 ? nearest : await projectFiles(['.'])
  const [first, ...others] = found
  if (first === undefined) throw notFound([...new Set([...from, '.'].map((folder) => resolve(folder)))])
  const other = others.find(({ id }) => id !== first.id)
  if (other !== undefined) throw ambiguous(first.path, other.path)
  return first.id
}

function checkedId(value: string, option: string): string {
  if (isId(value)) return value
  throw invalidOption(option, { expected: 'the id of a project, such as krt0wtn195', received: value })
}

interface ProjectFile {
  readonly path: string
  readonly id: string
}

async function projectFiles(from: readonly string[]): Promise<ProjectFile[]> {
  const found = await Promise.all(from.map((folder) => nearestFile(resolve(folder))))
  return found.filter((file) => file !== undefined)
}

async function nearestFile(folder: string): Promise<ProjectFile | undefined> {
  for (const name of fileNames) {
    const path = join(folder, name)
    const file = await readConfigFile(path)
    if (file === undefined) continue
    if (!isId(file.id)) throw malformed(path, 'the id of a project under the key id', kindOf(file.id))
    return { path, id: file.id }
  }
  const parent = dirname(folder)
  return parent === folder ? undefined : nearestFile(parent)
}

function kindOf(value: unknown): string {
  return value === undefined || value === '' ? 'none' : 'something else'
}

function notFound(folders: readonly string[]): BuildkitError {
  return new BuildkitError('INVALID_OPTION', 'no Depot project was named', {
    subject: 'projectId',
    expected: `the option projectId, DEPOT_PROJECT_ID, or ${fileNames.join(', ')} in ${folders.join(' or ')} or above`,
    received: 'none of them',
  })
}

function ambiguous(one: string, other: string): BuildkitError {
  return new BuildkitError('INVALID_OPTION', 'two Depot projects were named', {
    subject: 'projectId',
    expected: 'one for the whole build',
    received: `different ids in ${one} and ${other}`,
    advice: 'Give the option projectId',
  })
}
