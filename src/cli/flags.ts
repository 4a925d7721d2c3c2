import { parseArgs } from 'node:util'
import { closestMatch } from '../base/closest-match.ts'
import { BuildkitError, invalidOption } from '../base/errors.ts'

/** One flag of a command, as data: parsing, help and types all come from it. */
export interface Flag {
  readonly type: 'boolean' | 'string'
  /** One letter. */
  readonly short?: string
  /** May be given more than once; its value is then a list. */
  readonly multiple?: true
  /** What stands for the value in help: `PATH`. */
  readonly hint?: string
  readonly choices?: readonly string[]
  /** The environment variable that holds the value where the flag is not given. */
  readonly env?: string
  readonly default?: string
  readonly description: string
}

/** By name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>

/** The values of flags, by name. A flag that is not given and has no default is undefined. */
export type Values<F extends Flags> = { readonly [Name in keyof F]: Value<F[Name]> }

type Value<F extends Flag> = F extends { type: 'boolean' }
  ? boolean
  : F extends { multiple: true }
    ? readonly string[]
    : F extends { default: string }
      ? Choice<F>
      : Choice<F> | undefined

type Choice<F extends Flag> = F extends { choices: readonly (infer C)[] } ? C : string

export interface Parsed<F extends Flags> {
  readonly values: Values<F>
  readonly positionals: readonly string[]
}

/**
 * Reads a command's arguments. Throws INVALID_OPTION for a flag that is unknown (naming the nearest), has no
 * value or an empty one, or a value that is not among its choices.
 */
export function parseFlags<const F extends Flags>(
  flags: F,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Parsed<F> {
  const { values, positionals } = parse(flags, args)
  const complete = Object.entries<Flag>(flags).map(([name, flag]) => [
    name,
    settled(name, flag, values[name], env),
  ])
  return { values: Object.fromEntries(complete) as Values<F>, positionals }
}

type RawValue = ReturnType<typeof parse>['values'][string]

function parse(flags: Flags, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short, multiple = false }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw mistakeIn(flags, args, options) ?? error
  }
}

/** Node says that something is wrong; this says what, in our words. */
function mistakeIn(
  flags: Flags,
  args: readonly string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>['options'] & {},
): BuildkitError | undefined {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name]! : undefined
    if (flag === undefined) return unknownFlag(token.rawName, flags)
    if (flag.type === 'boolean' && token.value !== undefined) {
      return invalidOption(`--${token.name}`, { expected: 'no value', received: token.value })
    }
    if (flag.type === 'string' && !hasValue(token)) {
      const advice = `A value that begins with a dash is written --${token.name}=VALUE`
      return token.value === undefined
        ? missingValue(`--${token.name}`, flag)
        : invalidOption(`--${token.name}`, { expected: expectedOf(flag), received: token.value, advice })
    }
  }
  return undefined
}

/** Node's rule: what looks like an option is a value only behind an equals sign. */
function hasValue({ value, inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined }) {
  return value !== undefined && (inlineValue === true || value === '-' || !value.startsWith('-'))
}

function unknownFlag(rawName: string, flags: Flags): BuildkitError {
  const near = closestMatch(rawName.replace(/^-+/, ''), Object.keys(flags))
  const advice = near === undefined ? '--help lists what there is' : `Did you mean --${near}?`
  return new BuildkitError('INVALID_OPTION', `unknown option ${rawName}`, { subject: rawName, advice })
}

function settled(
  name: string,
  flag: Flag,
  given: RawValue,
  env: Readonly<Record<string, string | undefined>>,
): boolean | string | readonly string[] | undefined {
  if (flag.type === 'boolean') return given === true
  if (flag.multiple) return ((given ?? []) as string[]).map((value) => checked(`--${name}`, flag, value))
  if (given !== undefined) return checked(`--${name}`, flag, given as string)
  const inherited = flag.env === undefined ? undefined : env[flag.env]
  return inherited ? checked(flag.env!, flag, inherited) : flag.default
}

function checked(option: string, flag: Flag, value: string): string {
  if (value === '') throw missingValue(option, flag)
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    throw invalidOption(option, { expected: expectedOf(flag), received: value })
  }
  return value
}

function missingValue(option: string, flag: Flag): BuildkitError {
  return invalidOption(option, { expected: expectedOf(flag), received: undefined })
}

function expectedOf({ choices, hint = 'VALUE' }: Flag): string {
  return choices === undefined ? hint : `one of ${choices.join(', ')}`
}
