import { Code } from '@connectrpc/connect'
import type { CodeName } from './faults.ts'

/** Such as `not_found`. */
export function codeName(code: Code): CodeName {
  return Code[code].replace(/(?<=.)[A-Z]/g, '_$&').toLowerCase() as CodeName
}

/** The reverse of {@link codeName}. */
export function codeNamed(name: CodeName): Code {
  const codes = Object.values(Code).filter((code) => typeof code === 'number')
  return codes.find((code) => codeName(code) === name) ?? Code.Unknown
}
