import type { Command } from './command.ts'
import { exitCodeMeanings, exitCodes } from './exit-codes.ts'
import type { Flag, Flags } from './flags.ts'

/** The program's own name in help. */
const program = 'buildkit-client'

/** The help of the program: its commands, by name with their summaries. */
export function programHelp(commands: Readonly<Record<string, { readonly summary: string }>>): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const)
  return [
    `Usage: ${program} COMMAND [options]`,
    '',
    'Commands:',
    ...columns(rows),
    '',
    'Options:',
    ...columns([
      ['-h, --help', 'Shows this help, or that of a command'],
      ['    --version', 'Shows the version'],
    ]),
    '',
    ...exitCodeLines(),
    '',
  ].join('\n')
}

/** The help of one command. */
export function commandHelp(name: string, command: Command): string {
  const positionals = command.positionals.map((positional) => ` [${positional}]`).join('')
  return [
    `Usage: ${program} ${name} [options]${positionals}`,
    '',
    ...command.description,
    '',
    'Options:',
    ...columns(flagRows(command.flags)),
    '',
    ...exitCodeLines(),
    '',
  ].join('\n')
}

function flagRows(flags: Flags): (readonly [string, string])[] {
  return Object.entries(flags).map(([name, flag]) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `
    const hint = flag.type === 'boolean' ? '' : ` ${flag.choices?.join('|') ?? flag.hint ?? 'VALUE'}`
    return [`${short}--${name}${hint}`, `${flag.description}${remarks(flag)}`]
  })
}

function remarks({ multiple, env, default: fallback }: Flag): string {
  const all = [
    multiple && 'repeatable',
    env !== undefined && `env ${env}`,
    fallback !== undefined && `default ${fallback}`,
  ].filter(Boolean)
  return all.length === 0 ? '' : ` (${all.join(', ')})`
}

function exitCodeLines(): string[] {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[]
  return [
    'Exit codes:',
    ...columns(names.map((name) => [String(exitCodes[name]).padStart(3), exitCodeMeanings[name]])),
  ]
}

/** A first column wider than this has its second one on a line of its own. */
const widestFirst = 28

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(widestFirst, Math.max(...rows.map(([first]) => first.length)))
  return rows.flatMap(([first, second]) =>
    first.length > width
      ? [`  ${first}`, `  ${' '.repeat(width)}  ${second}`]
      : [`  ${first.padEnd(width)}  ${second}`],
  )
}
