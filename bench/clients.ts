import { join } from 'node:path'
import { checkout } from '../scripts/parts/cache.ts'

/** What one run asks for, of either client. */
export interface Task {
  readonly address: string
  /** A file with the serialized definition. */
  readonly definition: string
  /** The directory to serve as `context`. */
  readonly context?: string
  /** The file for an uncompressed `oci` archive. */
  readonly oci?: string
  /** How many solves; 1 by default. */
  readonly repeat?: number
}

/** Gives the command for a task. With `status`, it prints the daemon's status messages; else nothing. */
export type Client = (task: Task, options?: { status: boolean }) => string[]

/** Ours does repeated solves in one process, over one connection. */
export const ours: Client = (task, { status } = { status: false }) => {
  const { address, definition, context, oci, repeat = 1 } = task
  return reading(definition, 1, [
    ...[process.execPath, join(checkout, 'bench/client.mjs'), '--addr', address],
    ...(context === undefined ? [] : ['--context', context]),
    ...(oci === undefined ? [] : ['--oci', oci]),
    ...['--repeat', String(repeat)],
    ...(status ? ['--status'] : []),
  ])
}

/** buildctl needs a process for each. */
export function buildctl(program: string): Client {
  return (task, { status } = { status: false }) => {
    const { address, definition, context, oci, repeat = 1 } = task
    return reading(definition, repeat, [
      ...[program, '--addr', address, 'build', '--progress', status ? 'rawjson' : 'quiet'],
      ...(context === undefined ? [] : ['--local', `context=${context}`]),
      ...(oci === undefined ? [] : ['--output', `type=oci,compression=uncompressed,dest=${oci}`]),
    ])
  }
}

/** The same shell for both: it runs the command so many times, each with the definition on its stdin. */
function reading(definition: string, times: number, command: readonly string[]): string[] {
  const loop = 'for i in $(seq "$times"); do "$@" < "$definition" 2>&1 || exit; done'
  return [
    'sh',
    '-c',
    `definition=$1; times=$2; shift 2; ${loop}`,
    'sh',
    definition,
    String(times),
    ...command,
  ]
}
