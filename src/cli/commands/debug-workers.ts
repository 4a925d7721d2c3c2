import { printable } from '../../base/redact.ts'
import type { Worker } from '../../control/workers.ts'
import type { Command } from '../command.ts'
import { daemonFlags, openDaemon } from '../daemon.ts'
import type { Flags } from '../flags.ts'

const flags = {
  verbose: { type: 'boolean', short: 'v', description: 'Shows the labels as well' },
  format: {
    type: 'string',
    choices: ['table', 'json'],
    default: 'table',
    description: 'How to print them on standard output',
  },
  ...daemonFlags,
} as const satisfies Flags

export const debugWorkers: Command<typeof flags> = {
  description: ['Lists the parts of the daemon that run builds, the default one first.'],
  positionals: [],
  flags,
  async run({ values }, io, signal) {
    await using daemon = await openDaemon(values, io, signal)
    const workers = await daemon.buildkit.listWorkers({ signal })
    io.stdout.write(values.format === 'json' ? workersJson(workers) : workersTable(workers, values.verbose))
  },
}

/** All that is known of them. */
export function workersJson(workers: readonly Worker[]): string {
  return `${JSON.stringify(workers, null, 2)}\n`
}

/** One line per worker; with `labels` these follow, indented and in order. */
export function workersTable(workers: readonly Worker[], labels: boolean): string {
  const width = Math.max(2, ...workers.map(({ id }) => id.length))
  const lines = workers.flatMap((worker) => [
    `${worker.id.padEnd(width)}  ${worker.platforms.join(',')}`.trimEnd(),
    ...(labels ? labelLines(worker) : []),
  ])
  return printable(`${['ID'.padEnd(width).concat('  PLATFORMS'), ...lines].join('\n')}\n`)
}

function labelLines({ labels }: Worker): string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => `  ${key}=${labels[key]}`)
}
