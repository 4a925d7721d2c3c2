import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt'

/** A point in time; undefined where the service has sent none, or one that no Date can hold. */
export function dateOf(timestamp: Timestamp | undefined): Date | undefined {
  if (timestamp === undefined) return undefined
  const date = timestampDate(timestamp)
  return Number.isNaN(date.getTime()) ? undefined : date
}
