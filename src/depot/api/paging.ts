import { BuildkitError, invalidOption } from '../../base/errors.ts'
import { checkKnownOptions, type OptionNames } from '../../base/known-options.ts'
import { type Call, type CallOptions, callIdempotent, callOptionNames } from './account-call.ts'

/** How a list is fetched, which comes in pages. */
export interface PageOptions extends CallOptions {
  /** How many to fetch at a time, 1 to 1,000; 100 by default, as Depot's own clients do. */
  readonly pageSize?: number | undefined
}

const pageOptionNames: OptionNames<PageOptions> = { ...callOptionNames, pageSize: true }

/** One page. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Empty or absent on the last one. */
  readonly nextPageToken?: string | undefined
}

export interface PageRequest {
  readonly pageSize: number
  /** Absent for the first page. */
  readonly pageToken?: string
}

/** Consecutive pages without an item after which a list is circular. */
const maxEmptyPages = 100

/**
 * Everything on all pages, each fetched when it is wanted; `timeoutMs` is for one page. Throws what the calls
 * throw, INVALID_OPTION, and API_FAILED for a list that goes in circles.
 */
export async function* pages<T>(
  fetchPage: (page: PageRequest) => Call<Page<T>>,
  pageOptions: PageOptions = {},
): AsyncGenerator<T, void, undefined> {
  checkKnownOptions(pageOptions, pageOptionNames)
  const { pageSize = 100, ...options } = pageOptions
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000)
    throw invalidOption('pageSize', { expected: 'a whole number from 1 to 1000', received: pageSize })
  let pageToken: string | undefined
  for (let empty = 0; ; ) {
    const page = { pageSize, ...(pageToken !== undefined && { pageToken }) }
    const { items, nextPageToken } = await callIdempotent(fetchPage(page), options)
    yield* items
    if (!nextPageToken) return
    empty = items.length === 0 ? empty + 1 : 0
    if (nextPageToken === pageToken || empty === maxEmptyPages) throw circular()
    pageToken = nextPageToken
  }
}

function circular(): BuildkitError {
  return new BuildkitError('API_FAILED', 'Depot has sent a list without an end', {
    expected: 'pages that come to an end',
    received: 'the same page, or an empty one, again',
  })
}
