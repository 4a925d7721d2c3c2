import { moby } from '../gen/buildkit.js'
import { type Decoder, decode } from '../grpc/decode.ts'
import { firstValue, type Metadata } from '../grpc/metadata.ts'
import type { ServedCall } from '../grpc/server.ts'
import { Code, RpcError } from '../grpc/status.ts'

/** How BuildKit tells the calls of one method apart: each is for one directory, one exporter, one registry. */
export interface CallKeys {
  /** What a key names. */
  readonly noun: string
  /** The key of a call; undefined where the call has none. The request is given where the key is in it. */
  readonly keyOf: (call: ServedCall, request: Buffer | undefined) => string | undefined
  /** True where the key is in the request, and not in the metadata. */
  readonly isInRequest: boolean
  /** What the daemon gets for a key that nothing serves. */
  readonly notServed: (key: string) => RpcError
}

/** The keys of a method's calls; undefined for a method that BuildKit does not route inside. */
export function callKeysOf(method: string): CallKeys | undefined {
  if (method.startsWith(contentService)) return contentStores
  return Object.hasOwn(byMethod, method) ? byMethod[method] : undefined
}

/** The directory that a call of `FileSync` asks for. */
export function dirNameOf(metadata: Metadata): string {
  return firstValue(metadata, 'dir-name') ?? ''
}

/** The exporter that a call of `FileSend` is from, as Go reads it. Daemons before v0.13 know one and send no id. */
export function exporterIdOf(metadata: Metadata): number {
  const text = firstValue(metadata, 'buildkit-attachable-exporter-id') ?? ''
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

/** moby/buildkit `session/filesync/filesync.go` */
const directories: CallKeys = {
  noun: 'directory',
  isInRequest: false,
  keyOf: ({ metadata }) => dirNameOf(metadata),
  notServed: (key) => new RpcError(Code.NotFound, `no access allowed to dir ${JSON.stringify(key)}`),
}

/** moby/buildkit `session/filesync/filesync.go` */
const exporters: CallKeys = {
  noun: 'exporter',
  isInRequest: false,
  keyOf: ({ metadata }) => String(exporterIdOf(metadata)),
  notServed: (key) => new RpcError(Code.NotFound, `exporter ${key} not found`),
}

/** moby/buildkit `session/content/attachable.go` */
const contentStores: CallKeys = {
  noun: 'content store',
  isInRequest: false,
  keyOf: (call) => firstValue(call.metadata, 'buildkit-attachable-store-id'),
  notServed: (key) => new RpcError(Code.NotFound, `unknown store ${JSON.stringify(key)}`),
}

const contentService = '/containerd.services.content.v1.Content/'

/** moby/buildkit `session/auth/auth.proto`. Unimplemented: without credentials the daemon goes on anonymously. */
function registries(request: Decoder<{ Host: string }>): CallKeys {
  return {
    noun: 'registry',
    isInRequest: true,
    keyOf: (_call, message) => decoded(request, message)?.Host,
    notServed: (key) => new RpcError(Code.Unimplemented, `no credentials for ${key}`),
  }
}

/** moby/buildkit `session/secrets/secrets.proto` */
const secrets: CallKeys = {
  noun: 'secret',
  isInRequest: true,
  // GetSecretRequest has the id where CredentialsRequest has the host: field 1, text.
  keyOf: (_call, message) => decoded(moby.filesync.v1.CredentialsRequest, message)?.Host,
  notServed: (key) => new RpcError(Code.NotFound, `secret ${key} not found`),
}

const { CredentialsRequest, FetchTokenRequest, GetTokenAuthorityRequest, VerifyTokenAuthorityRequest } =
  moby.filesync.v1

const byMethod: Readonly<Record<string, CallKeys>> = {
  '/moby.filesync.v1.FileSync/DiffCopy': directories,
  '/moby.filesync.v1.FileSend/DiffCopy': exporters,
  '/moby.buildkit.secrets.v1.Secrets/GetSecret': secrets,
  '/moby.filesync.v1.Auth/Credentials': registries(CredentialsRequest),
  '/moby.filesync.v1.Auth/FetchToken': registries(FetchTokenRequest),
  '/moby.filesync.v1.Auth/GetTokenAuthority': registries(GetTokenAuthorityRequest),
  '/moby.filesync.v1.Auth/VerifyTokenAuthority': registries(VerifyTokenAuthorityRequest),
}

/** Undefined for what is malformed: the handler says so. */
function decoded<T>(type: Decoder<T>, message: Buffer | undefined): T | undefined {
  try {
    return message === undefined ? undefined : decode(type, 'request', message)
  } catch {
    return undefined
  }
}
