import type { ConnectError } from '@connectrpc/connect'
import { sanitize } from '../../base/redact.ts'
import { retryAfterMs } from '../../network/retry-after.ts'

/** What a reply that is an error says beside its message. */
export interface ReplyFacts {
  /** By which Depot's support finds the call in its logs. */
  readonly requestId?: string | undefined
  /** What the service adds, such as `google.rpc.ErrorInfo`; ten at most. */
  readonly details: readonly ApiErrorDetail[]
  /** Milliseconds after which the service wants to be asked again. */
  readonly retryAfterMs?: number | undefined
}

export interface ApiErrorDetail {
  /** The name of the message's type. */
  readonly type: string
  /** Its JSON, where the service has sent that, of 1,000 characters at most. */
  readonly json: string | undefined
}

/** Where services and what stands before them put the id of a request; the first that is there counts. */
const requestIdHeaders = [
  'x-depot-request-id',
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'fly-request-id',
  'cf-ray',
] as const

const maxDetails = 10
const maxDetailLength = 1_000
const maxNameLength = 200

/** @internal Reads them with the secrets of the call left out. */
export function replyFacts(
  { metadata, details }: ConnectError,
  secrets: readonly (string | undefined)[],
): ReplyFacts {
  const name = (text: string) => sanitize(text, { secrets, maxLength: maxNameLength })
  const requestId = requestIdHeaders.map((header) => metadata.get(header)).find((value) => value)
  return {
    requestId: requestId ? name(requestId) : undefined,
    details: details.slice(0, maxDetails).flatMap((detail) => {
      if (!('type' in detail)) return []
      const { debug } = detail
      const json =
        debug === undefined
          ? undefined
          : sanitize(JSON.stringify(debug), { secrets, maxLength: maxDetailLength })
      return [{ type: name(detail.type), json }]
    }),
    retryAfterMs: retryAfterMs(metadata.get('retry-after'), metadata.get('date')),
  }
}
