import { part } from './parts.ts'

/** The address of the private Docker Engine that this run tests against. Needs the part `engine`. */
export function engineAddress(): string {
  return part('engine')
}
