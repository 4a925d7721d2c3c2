/** Says of a character (a code point) whether it belongs to a set. */
export type CharacterSet = (character: number) => boolean

/** The code point of a text of one character. */
export function codeOf(character: string): number {
  return character.codePointAt(0)!
}

/** Just one character. */
export function only(character: string): CharacterSet {
  const code = codeOf(character)
  return (candidate) => candidate === code
}

/** From `first` to `last`, both included. */
export function between(first: number, last: number): CharacterSet {
  return (candidate) => candidate >= first && candidate <= last
}

/** What belongs to at least one of them. */
export function anyOf(sets: readonly CharacterSet[]): CharacterSet {
  return (candidate) => sets.some((set) => set(candidate))
}

/** What does not belong to it. */
export function not(set: CharacterSet): CharacterSet {
  return (candidate) => !set(candidate)
}

/** `*` and `?` stay inside one name. */
export const anyButSlash: CharacterSet = not(only('/'))
