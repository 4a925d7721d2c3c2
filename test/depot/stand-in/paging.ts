import { Code, ConnectError } from '@connectrpc/connect'

/** What a request says about pages; 0 and the empty string count as absent, as older clients send them. */
export interface PageRequest {
  readonly pageSize?: number | undefined
  readonly pageToken?: string | undefined
}

const defaultPageSize = 100

/** A page of a list, and what asks for the next one: empty behind the last. */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { pageSize = 0, pageToken = '' }: PageRequest,
): { items: T[]; nextPageToken: string } {
  if (pageSize < 0) throw new ConnectError('page_size is negative', Code.InvalidArgument)
  const start = pageToken === '' ? 0 : startOf(items, idOf, pageToken)
  const end = start + (pageSize || defaultPageSize)
  const next = items[end]
  return { items: items.slice(start, end), nextPageToken: next === undefined ? '' : tokenOf(idOf(next), end) }
}

/** At the item that the token names; where it is gone, behind as many as there were before it. */
function startOf<T>(items: readonly T[], idOf: (item: T) => string, token: string): number {
  const [, count, id] = /^(\d+) (.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (count === undefined) throw new ConnectError('page_token is none of ours', Code.InvalidArgument)
  const index = items.findIndex((item) => idOf(item) === id)
  return index < 0 ? Number(count) : index
}

function tokenOf(id: string, count: number): string {
  return Buffer.from(`${count} ${id}`).toString('base64url')
}
