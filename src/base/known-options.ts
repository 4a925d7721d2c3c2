import { closestMatch } from './closest-match.ts'
import { BuildkitError, invalidOption } from './errors.ts'

/** The names of all options of an interface: the compiler misses none, and takes no other. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true }

/**
 * Throws INVALID_OPTION for an option that there is not, with the one that may have been meant: left out silently it
 * would make another build than the one that was asked for. `path` stands before the name, such as `tls.`; an option
 * that is undefined is none.
 */
export function checkKnownOptions<Options extends object>(
  options: Options,
  names: OptionNames<Options>,
  path = '',
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption(path.replace(/\.$/, '') || 'options', { expected: 'an object', received: options })
  const known = Object.keys(names)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(names, name)) continue
    const meant = closestMatch(name, known)
    throw new BuildkitError('INVALID_OPTION', `unknown option ${path}${name}`, {
      subject: path + name,
      expected: `one of ${known.join(', ')}`,
      ...(meant !== undefined && { advice: `Did you mean ${path}${meant}?` }),
    })
  }
}

/** Those of the options that have one of the names, for whoever takes no others. */
export function pickOptions<Options extends object>(options: Options, names: OptionNames<Options>): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(names, name))) as Options
}
