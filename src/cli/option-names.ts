import { BuildkitError, isBuildkitError } from '../base/errors.ts'

/**
 * What the library says about one of its options, said about the flag it came from. `labelOf` gives the
 * flag; options mentioned in what was expected become the words that `wordsFor` has for them. Any other
 * error is given back as it is.
 */
export function inFlags(
  error: unknown,
  labelOf: (option: string) => string | undefined,
  wordsFor: (option: string) => string | undefined = labelOf,
): unknown {
  if (!isBuildkitError(error) || error.code !== 'INVALID_OPTION' || error.subject === undefined) return error
  const label = labelOf(error.subject)
  if (label === undefined) return error
  const { expected, received, advice, cause } = error
  const named = label.startsWith('--') ? `option ${label}` : label
  return new BuildkitError('INVALID_OPTION', `${named} cannot be used`, {
    subject: label,
    ...(expected !== undefined && { expected: replaceOptions(expected, wordsFor) }),
    ...(received !== undefined && { received }),
    ...(advice !== undefined && { advice: replaceOptions(advice, wordsFor) }),
    cause,
  })
}

function replaceOptions(text: string, wordsFor: (option: string) => string | undefined): string {
  return text.replace(/\b(?:tls|localDirs)\.\w+/g, (option) => wordsFor(option) ?? option)
}
