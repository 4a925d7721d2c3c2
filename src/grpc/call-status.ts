import { constants } from 'node:http2'
import { sanitize } from '../base/redact.ts'
import { binaryValues, decodeMessage } from './headers.ts'
import { firstValue, type Metadata } from './metadata.ts'
import { Code, RpcError } from './status.ts'

/**
 * What the headers of a response say against it: nothing where it is gRPC, whose status comes at its end. A
 * `grpc-status` counts before everything else.
 */
export function responseError(httpStatus: number, headers: Metadata): RpcError | undefined {
  const contentType = firstValue(headers, 'content-type')
  if (httpStatus === 200 && isGrpc(contentType)) return undefined
  if (headers.has('grpc-status')) return statusError(headers)
  if (httpStatus === 200) {
    const what = contentType === undefined ? 'without a content-type' : `with ${sanitize(contentType)}`
    return new RpcError(Code.Unknown, `the daemon answered ${what}, which is not gRPC`)
  }
  return new RpcError(httpCodes[httpStatus] ?? Code.Unknown, `the daemon answered HTTP ${httpStatus}`)
}

/** `application/grpc`, alone or with a suffix or parameters (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "Responses"). */
function isGrpc(contentType: string | undefined): boolean {
  return /^application\/grpc(?:$|[+;])/i.test(contentType ?? '')
}

/** grpc/grpc `doc/http-grpc-status-mapping.md`. */
const httpCodes: Readonly<Record<number, Code>> = {
  400: Code.Internal,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.Unimplemented,
  429: Code.Unavailable,
  502: Code.Unavailable,
  503: Code.Unavailable,
  504: Code.Unavailable,
}

/** What the trailers say: nothing for OK. They have a `grpc-status`. */
export function statusError(trailers: Metadata): RpcError | undefined {
  const status = firstValue(trailers, 'grpc-status') ?? ''
  const code = /^\d{1,10}$/.test(status) ? Number(status) : Code.Unknown
  if (code === Code.OK) return undefined
  const [details] = binaryValues(trailers, 'grpc-status-details-bin')
  return new RpcError(code, decodeMessage(firstValue(trailers, 'grpc-message') ?? ''), {
    isAnswer: true,
    ...(details === undefined ? {} : { details }),
  })
}

/** A reset in place of a status (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "HTTP2 Transport Mapping"). */
export function resetError(reset: number, cause: Error | undefined): RpcError {
  const [code, words] = resetCodes[reset] ?? [Code.Internal, `reset the call with HTTP/2 code ${reset}`]
  return new RpcError(code, `the daemon ${words}`, { isReset: true, cause })
}

const resetCodes: Readonly<Record<number, readonly [Code, string]>> = {
  [constants.NGHTTP2_CANCEL]: [Code.Canceled, 'reset the call'],
  [constants.NGHTTP2_REFUSED_STREAM]: [Code.Unavailable, 'refused the call'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: [Code.ResourceExhausted, 'found the call excessive'],
  [constants.NGHTTP2_INADEQUATE_SECURITY]: [Code.PermissionDenied, 'found the connection not secure enough'],
}
