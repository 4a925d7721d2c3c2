// The package's front door: everything that follows semantic versioning, and nothing else.

export { BuildkitError, type ErrorCode, type ErrorFields, isBuildkitError } from './base/errors.ts'
export type { OnWarning, Warning, WarningCode } from './base/warning.ts'
export { Buildkit, type ConnectOptions, connect } from './buildkit.ts'
export type { DaemonInfo } from './control/info.ts'
export type { QueryOptions } from './control/query.ts'
export type { Worker } from './control/workers.ts'
export type { Metadata } from './grpc/metadata.ts'
export { Code, RpcError } from './grpc/status.ts'
export type { TlsOptions } from './network/tls-options.ts'
export { type Attachable, type Handler, type ServedCall, unary } from './session/attachable.ts'
export {
  type AuthOptions,
  type CredentialCallback,
  type Credentials,
  type CredentialUse,
  callbackAuth,
  type DockerConfigAuthOptions,
  dockerConfigAuth,
  staticAuth,
} from './session/auth/auth.ts'
export type { LocalDir } from './session/files/file-sync.ts'
export type { ErrorSource } from './solve/failure/error-details.ts'
export type { FailedVertex } from './solve/failure/failure-context.ts'
export { SolveError } from './solve/failure/solve-error.ts'
export type {
  CacheEntry,
  DirectoryExport,
  Entitlement,
  Export,
  ExportOutput,
  ExportOutputFunction,
  OtherExport,
  PlainExport,
  SolveOptions,
  StreamExport,
} from './solve/options/options.ts'
export type { SolveResult } from './solve/result.ts'
export type { SolveRun } from './solve/run.ts'
export type {
  SolveStatus,
  SourceInfo,
  SourceRange,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from './solve/status/status.ts'
export type { DaemonKind } from './transport/address.ts'
export type { ConnectionState } from './transport/connection.ts'
export type { Dialer } from './transport/route.ts'
