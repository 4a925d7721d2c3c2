import { type Part, whyMissing } from './parts.ts'

/**
 * The `skip` option of a test that needs real parts: false where all of them are there, else the reason,
 * which the runner reports. `test('...', { skip: skipWithout('daemon', 'registry') }, ...)`
 */
export function skipWithout(...parts: Part[]): string | false {
  const reasons = parts.map(whyMissing).filter((reason) => reason !== undefined)
  return reasons.length > 0 && reasons.join('; ')
}
