/**
 * What a text holds as Go's `encoding/json` reads it, for files and replies whose format is defined by a Go program.
 * Beside `JSON.parse` it keeps each entry of an object, repeated keys too, so that a {@link GoObject} can answer by Go's
 * rules.
 */
export type GoValue = null | boolean | number | string | readonly GoValue[] | GoObject

/** A text that is no JSON, or holds another type than expected. Shows nothing of the contents. */
export class GoJsonError extends Error {
  readonly expected: string
  readonly received: string

  constructor(expected: string, received: string) {
    super(`expected ${expected}, got ${received}`)
    this.expected = expected
    this.received = received
  }
}

/**
 * The first value of a text, and what follows it, which `json.Decoder` leaves unread. Undefined where there is none. A
 * byte order mark is skipped, which Go does not do. Throws {@link GoJsonError}.
 */
export function parseGoJson(text: string): { readonly value: GoValue; readonly rest: string } | undefined {
  const parser = new Parser(text.replace(/^\uFEFF/, ''))
  if (parser.rest.trim() === '') return undefined
  return { value: parser.value(0), rest: parser.rest }
}

/** The entries of an object in their order; Go assigns them one after the other. */
export class GoObject {
  readonly #entries: readonly (readonly [string, GoValue])[]

  constructor(entries: readonly (readonly [string, GoValue])[]) {
    this.#entries = entries
  }

  /** The last value of a field that is not null; undefined where there is none. */
  value(field: string): GoValue | undefined {
    return this.#values(field).findLast((value) => value !== null)
  }

  /** A field of type `string`: the last one that is not null, else empty. Throws {@link GoJsonError}, naming `path`. */
  text(field: string, path = field): string {
    let text = ''
    for (const value of this.#values(field)) if (value !== null) text = textIn(value, `${path} to be text`)
    return text
  }

  /** A field of type `bool`: the last one that is not null, else false. Throws {@link GoJsonError}. */
  flag(field: string): boolean {
    let flag = false
    for (const value of this.#values(field)) {
      if (value !== null && typeof value !== 'boolean')
        throw new GoJsonError(`${field} to be true or false`, kindOf(value))
      flag = value ?? flag
    }
    return flag
  }

  /** A field that is a map: repeated ones are merged, null empties it. Throws {@link GoJsonError}. */
  map(field: string): ReadonlyMap<string, GoValue> {
    const map = new Map<string, GoValue>()
    for (const value of this.#values(field)) {
      if (value === null) map.clear()
      else for (const [key, entry] of objectOf(value, field).#entries) map.set(key, entry)
    }
    return map
  }

  /** Keys match fields of a struct without regard to case, by Unicode's simple folding. */
  #values(field: string): GoValue[] {
    const name = new RegExp(`^${field}$`, 'iu')
    return this.#entries.filter(([key]) => name.test(key)).map(([, value]) => value)
  }
}

/** A value as a struct: null has no fields. Throws {@link GoJsonError}, naming `path`. */
export function objectOf(value: GoValue | undefined, path?: string): GoObject {
  if (value === undefined || value === null) return new GoObject([])
  if (value instanceof GoObject) return value
  throw new GoJsonError(path === undefined ? 'a JSON object' : `${path} to be an object`, kindOf(value))
}

/** A value as a `string`: null is empty. Throws {@link GoJsonError} that says what was expected. */
export function textIn(value: GoValue, expected: string): string {
  if (value === null || typeof value === 'string') return value ?? ''
  throw new GoJsonError(expected, kindOf(value))
}

function kindOf(value: GoValue): string {
  if (Array.isArray(value)) return 'a list'
  return value instanceof GoObject ? 'an object' : `a ${typeof value}`
}

/** Go allows 10,000; no file that is read here has more than a few. */
const maxDepth = 500

const space = /[ \t\n\r]*/y
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const stringEnd = /["\\]/g

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get rest(): string {
    return this.#text.slice(this.#at)
  }

  value(depth: number): GoValue {
    if (depth > maxDepth) throw new GoJsonError(`JSON of at most ${maxDepth} levels`, 'more')
    this.#match(space)
    if (this.#takes('{')) return new GoObject(this.#list('}', () => this.#entry(depth)))
    if (this.#takes('[')) return this.#list(']', () => this.value(depth + 1))
    if (this.#text[this.#at] === '"') return this.#string()
    const token = this.#match(scalar)
    if (token === '') throw this.#mistake()
    return JSON.parse(token)
  }

  #entry(depth: number): readonly [string, GoValue] {
    this.#match(space)
    if (this.#text[this.#at] !== '"') throw this.#mistake()
    const key = this.#string()
    this.#match(space)
    if (!this.#takes(':')) throw this.#mistake()
    return [key, this.value(depth + 1)]
  }

  #list<T>(end: string, item: () => T): T[] {
    const items: T[] = []
    this.#match(space)
    if (this.#takes(end)) return items
    for (;;) {
      items.push(item())
      this.#match(space)
      if (this.#takes(end)) return items
      if (!this.#takes(',')) throw this.#mistake()
    }
  }

  #string(): string {
    const start = this.#at
    stringEnd.lastIndex = start + 1
    for (let found = stringEnd.exec(this.#text); found !== null; found = stringEnd.exec(this.#text)) {
      if (found[0] === '\\') {
        stringEnd.lastIndex++
        continue
      }
      this.#at = stringEnd.lastIndex
      return this.#unescaped(start)
    }
    this.#at = this.#text.length
    throw this.#mistake()
  }

  #unescaped(start: number): string {
    try {
      // By way of bytes, which turns half a surrogate pair into U+FFFD, as Go does.
      return Buffer.from(JSON.parse(this.#text.slice(start, this.#at)) as string).toString()
    } catch {
      this.#at = start
      throw this.#mistake()
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found = ''] = pattern.exec(this.#text) ?? []
    this.#at += found.length
    return found
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  /** The position only: what stands there may be a secret. */
  #mistake(): GoJsonError {
    const atEnd = this.#at >= this.#text.length
    return new GoJsonError('JSON', atEnd ? 'an early end' : `a mistake at position ${this.#at}`)
  }
}
