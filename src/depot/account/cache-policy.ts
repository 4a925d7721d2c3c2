import { invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import type { CachePolicy as Wire } from '../../gen/depot/core_pb.js'

/** How much of a project's cache is kept, and for how long. Whole numbers. */
export interface CachePolicy {
  /** GB of cache that are kept at most. */
  readonly keepGb: number
  /** Days for which it is kept. */
  readonly keepDays: number
}

const cachePolicyNames: OptionNames<CachePolicy> = { keepGb: true, keepDays: true }

/** @internal Throws INVALID_OPTION for what is no whole number. */
export function cachePolicyToWire(policy: CachePolicy): { keepGb: number; keepDays: number } {
  checkKnownOptions(policy, cachePolicyNames, 'cachePolicy.')
  const { keepGb, keepDays } = policy
  return {
    keepGb: count(keepGb, 'cachePolicy.keepGb'),
    keepDays: count(keepDays, 'cachePolicy.keepDays'),
  }
}

/** @internal Older clients have set bytes, which are counted as GiB (Depot's tutorial for Node). */
export function cachePolicyFromWire({ keepGb, keepBytes, keepDays }: Wire): CachePolicy {
  return { keepGb: keepGb || Number(keepBytes ?? 0n) / 2 ** 30, keepDays }
}

/** An int32 on the wire. */
function count(value: number, option: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value
  throw invalidOption(option, { expected: 'a whole number, 0 or more', received: value })
}
