import { readFile } from 'node:fs/promises'
import { closestMatch } from '../base/closest-match.ts'
import { BuildkitError, isBuildkitError, messageOf } from '../base/errors.ts'
import type { Command } from './command.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { type Flags, parseFlags } from './flags.ts'
import { commandHelp, programHelp } from './help.ts'
import { interruption } from './interruption.ts'
import type { Io } from './io.ts'
import { say } from './say.ts'

/** The commands. Each is imported only when it is called for. */
const commands: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  build: {
    summary: 'Builds a Dockerfile',
    load: async () => (await import('./commands/build.ts')).build,
  },
  'debug workers': {
    summary: 'Lists the workers of the daemon',
    load: async () => (await import('./commands/debug-workers.ts')).debugWorkers,
  },
}

/** Runs the command line (without the program's own name) and gives the exit code. Never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  using interrupted = interruption(io)
  const { signal } = interrupted
  try {
    return await dispatch(argv, io, signal)
  } catch (error) {
    say(io, 'error', isBuildkitError(error) ? error.message : unexpected(error))
    return signal.aborted ? exitCodes.cancelled : exitCodeOf(error)
  }
}

async function dispatch(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const name = Object.keys(commands).find((words) => words.split(' ').every((word, i) => argv[i] === word))
  if (name !== undefined) return runCommand(name, argv.slice(name.split(' ').length), io, signal)
  if (argv.length === 0) {
    io.stderr.write(programHelp(commands))
    return exitCodes.usage
  }
  const { values, positionals } = parseFlags(programFlags, argv)
  if (positionals.length > 0 && !values.help) throw unknownCommand(positionals)
  io.stdout.write(values.version ? `buildkit-client ${await version()}\n` : programHelp(commands))
  return exitCodes.ok
}

const helpFlag = {
  help: { type: 'boolean', short: 'h', description: 'Shows this help' },
} as const satisfies Flags

const programFlags = {
  ...helpFlag,
  version: { type: 'boolean', description: 'Shows the version' },
} as const satisfies Flags

async function runCommand(
  name: string,
  args: readonly string[],
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const command = await commands[name]!.load()
  const flags = { ...command.flags, ...helpFlag }
  const { values, positionals } = parseFlags(flags, args, io.env)
  if (values.help) {
    io.stdout.write(commandHelp(name, { ...command, flags }))
    return exitCodes.ok
  }
  if (positionals.length > command.positionals.length) {
    const expected = command.positionals.length === 0 ? 'none' : `only [${command.positionals.join('] [')}]`
    throw new BuildkitError('INVALID_OPTION', 'too many arguments', {
      expected,
      received: positionals.map((text) => JSON.stringify(text)).join(' '),
    })
  }
  await command.run({ values, positionals }, io, signal)
  return exitCodes.ok
}

function unknownCommand(words: readonly string[]): BuildkitError {
  const received = words.slice(0, 2).join(' ')
  const near = closestMatch(received, Object.keys(commands)) ?? closestMatch(words[0]!, Object.keys(commands))
  const advice = near === undefined ? '--help lists the commands' : `Did you mean ${near}?`
  return new BuildkitError('INVALID_OPTION', `unknown command ${JSON.stringify(words[0])}`, { advice })
}

/** The package is the folder above `src/`, or `dist/`. */
async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** An error that nobody has foreseen is a defect of ours, and its stack says where. */
function unexpected(error: unknown): string {
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`
}
