import type { ErrorCode, ErrorFields } from '../../base/errors.ts'
import { BuildkitError, isBuildkitError } from '../../base/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { FilterTree } from './filter-tree.ts'
import { list } from './list.ts'
import type { Listing } from './listing.ts'
import { type Contents, close, read, readOn } from './read.ts'
import { find, names, openRoot, type Root, readLink } from './root.ts'
import type { Procedure } from './system-calls.ts'
import { errorOf, type SystemError, systemErrorOf } from './system-error.ts'

/** What decides which entries of a tree are sent. */
export interface Patterns {
  readonly includes: readonly ByteString[]
  readonly excludes: readonly ByteString[]
}

/** What can be done with a disk. */
const procedures = { find, openRoot, names, readLink, read, readOn, close }
type Procedures = typeof procedures

type ResultOf<P> = P extends (...args: never[]) => Procedure<infer T> ? T : never
export type JobArgs = { [Name in keyof Procedures]: Parameters<Procedures[Name]> } & {
  list: [root: Root, directories: readonly ByteString[], rows: number]
}
export type JobResult = { [Name in keyof Procedures]: ResultOf<Procedures[Name]> } & { list: Listing }
export type JobName = keyof JobArgs

/** One piece of work, as it goes to where it is done. */
export interface Job<Name extends JobName = JobName> {
  readonly name: Name
  readonly args: JobArgs[Name]
  /** Which transfer it is for. */
  readonly tree: number
  /** Sent along when the tree may not be known there. */
  readonly patterns?: Patterns | undefined
}

/** What a job has come to, as it comes back. */
export type Outcome = { readonly result: unknown } | { readonly failure: Failure }

/** An error on its way between threads. */
export type Failure =
  | { readonly system: SystemError }
  | { readonly code: ErrorCode; readonly message: string; readonly fields: ErrorFields }

/** Makes procedures of jobs, and keeps the filters of their trees. */
export class Workshop {
  readonly #filters = new Map<number, FilterTree>()

  procedureOf({ name, args, tree, patterns }: Job): Procedure<unknown> {
    if (name !== 'list') return (procedures[name] as (...args: unknown[]) => Procedure<unknown>)(...args)
    const [root, directories, rows] = args as JobArgs['list']
    return list(root, this.#filtersOf(tree, patterns), directories, rows)
  }

  forget(tree: number): void {
    this.#filters.delete(tree)
  }

  #filtersOf(tree: number, patterns: Patterns | undefined): FilterTree {
    let filters = this.#filters.get(tree)
    if (filters === undefined) {
      filters = new FilterTree(patterns?.includes ?? [], patterns?.excludes ?? [])
      this.#filters.set(tree, filters)
    }
    return filters
  }
}

/** Reduces an error to what can go from thread to thread. */
export function failureOf(error: unknown): Failure {
  if (!isBuildkitError(error)) return { system: systemErrorOf(error) }
  const { code, shortMessage, subject, expected, received, advice } = error
  const given = Object.entries({ subject, expected, received, advice }).filter(
    ([, value]) => value !== undefined,
  )
  return { code, message: shortMessage, fields: Object.fromEntries(given) }
}

/** Makes an error of it again. */
export function errorOfFailure(failure: Failure): Error {
  if ('system' in failure) return errorOf(failure.system)
  return new BuildkitError(failure.code, failure.message, failure.fields)
}

/** The files that a job has left open. */
export function leftOpen({ name, args }: Job, result: unknown): number[] {
  if (name === 'readOn') return [(args as JobArgs['readOn'])[1]]
  return name === 'read' && result !== undefined ? (result as Contents).open.map(({ fd }) => fd) : []
}

/** The memory that a job is given to use, which changes hands with it. */
export function memoryIn({ args }: Job): ArrayBuffer[] {
  return args.filter((arg) => arg instanceof ArrayBuffer)
}

/** The same job, to make do without. */
export function withoutMemory<Name extends JobName>(job: Job<Name>): Job<Name> {
  return { ...job, args: job.args.filter((arg) => !(arg instanceof ArrayBuffer)) as JobArgs[Name] }
}

/** The memory that changes hands with a result, instead of being copied. */
export function memoryOf(result: unknown): ArrayBuffer[] {
  if (typeof result !== 'object' || result === null) return []
  return Object.values(result).flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  )
}
