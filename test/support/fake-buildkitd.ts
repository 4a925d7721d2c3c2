import type { Duplex } from 'node:stream'
import { moby } from '../../src/gen/buildkit.js'
import { type ClientCall, RpcClient } from '../../src/grpc/client.ts'
import type { Metadata } from '../../src/grpc/metadata.ts'
import { type Handler, type ServedCall, serve } from '../../src/grpc/server.ts'
import { Code, RpcError } from '../../src/grpc/status.ts'
import { callAsDuplex } from '../../src/session/tunnel.ts'
import type { Dialer } from '../../src/transport/route.ts'
import { linkedPair } from './linked-pair.ts'

const control = moby.buildkit.v1
type SolveRequest = InstanceType<typeof control.SolveRequest>
type StatusProperties = Parameters<typeof control.StatusResponse.encode>[0]

/** One build as the fake daemon sees it. */
export interface FakeBuild {
  readonly request: SolveRequest
  /** Of the call of Solve. */
  readonly metadata: Metadata
  /** The session's server, called as a daemon calls it. Waits for the session to arrive. */
  session(): Promise<FakeSession>
  /** Sends a status message to whoever follows this build. */
  say(status: StatusProperties): Promise<void>
  /** Aborted when the client cancels the solve. */
  readonly signal: AbortSignal
}

export interface FakeSession {
  readonly id: string
  readonly sharedKey: string
  readonly methods: readonly string[]
  readonly rpc: RpcClient
  /** Breaks the tunnel as a dying daemon does. */
  drop(): void
}

export interface FakeBehaviour {
  /** Answers a build with the exporter response; throws an RpcError to fail it. */
  solve?(build: FakeBuild): Promise<Record<string, string>>
  /** Handlers by method that replace or add to the fake's own. */
  handlers?: Record<string, Handler>
}

/** A daemon in memory: its control API over a duplex pair, behaving as the test wants. */
export function fakeBuildkitd({ solve = async () => ({}), handlers = {} }: FakeBehaviour) {
  const sessions = new Map<string, FakeSession>()
  const arrivals = new Map<string, (session: FakeSession) => void>()
  const followers = new Map<string, ServedCall[]>()
  const ended = new Set<string>()
  const ends: Duplex[] = []

  const own: Record<string, Handler> = {
    '/moby.buildkit.v1.Control/Info': async (call) => {
      const version = { version: 'v0.0.0-fake', package: 'fake', revision: '1' }
      await call.send(control.InfoResponse.encode({ buildkitVersion: version }).finish())
    },
    '/moby.buildkit.v1.Control/ListWorkers': async (call) => {
      await call.send(control.ListWorkersResponse.encode({ record: [{ ID: 'w', Labels: {} }] }).finish())
    },
    '/moby.buildkit.v1.Control/Session': serveSession,
    '/moby.buildkit.v1.Control/Status': serveStatus,
    '/moby.buildkit.v1.Control/Solve': serveSolve,
  }

  async function serveSession(call: ServedCall): Promise<void> {
    const one = (name: string) => call.metadata.get(name)?.[0] ?? ''
    let close: () => void = () => {}
    const closed = new Promise<void>((resolve) => {
      close = resolve
    })
    const tunnel = callAsDuplex(asClientCall(call, close))
    tunnel.on('error', () => {})
    tunnel.once('close', close)
    const rpc = new RpcClient(tunnel, { authority: 'localhost', scheme: 'http' })
    rpc.ready.catch(() => {})
    const session: FakeSession = {
      id: one('x-docker-expose-session-uuid'),
      sharedKey: one('x-docker-expose-session-sharedkey'),
      methods: call.metadata.get('x-docker-expose-session-grpc-method') ?? [],
      rpc,
      drop: () => tunnel.destroy(),
    }
    sessions.set(session.id, session)
    arrivals.get(session.id)?.(session)
    call.signal.addEventListener('abort', close)
    await closed
    rpc.close()
  }

  async function serveStatus(call: ServedCall): Promise<void> {
    for await (const message of call.messages) {
      const { Ref: ref } = control.StatusRequest.decode(message)
      if (ended.has(ref)) return
      followers.set(ref, [...(followers.get(ref) ?? []), call])
      await new Promise<void>((resolve) => {
        call.signal.addEventListener('abort', () => resolve())
        statusEnds.set(ref, [...(statusEnds.get(ref) ?? []), resolve])
      })
      return
    }
  }
  const statusEnds = new Map<string, (() => void)[]>()

  async function serveSolve(call: ServedCall): Promise<void> {
    for await (const message of call.messages) {
      const request = control.SolveRequest.decode(message)
      try {
        const response = await solve(buildOf(request, call))
        await call.send(control.SolveResponse.encode({ ExporterResponse: response }).finish())
      } finally {
        ended.add(request.Ref)
        for (const end of statusEnds.get(request.Ref) ?? []) end()
      }
      return
    }
  }

  function buildOf(request: SolveRequest, { metadata, signal }: ServedCall): FakeBuild {
    return {
      request,
      metadata,
      signal,
      session: async () =>
        sessions.get(request.Session) ??
        (await new Promise<FakeSession>((resolve) => arrivals.set(request.Session, resolve))),
      say: async (status) => {
        while (!followers.has(request.Ref)) await new Promise((resolve) => setImmediate(resolve))
        for (const call of followers.get(request.Ref)!)
          await call.send(control.StatusResponse.encode(status).finish())
      },
    }
  }

  function attach(duplex: Duplex): void {
    ends.push(duplex)
    serve(duplex, {
      handlerOf: (method) => handlers[method] ?? own[method],
      onHandlerError: () => {},
    })
  }

  const dial: Dialer = async () => {
    const [ours, theirs] = linkedPair()
    attach(ours)
    return theirs
  }

  return {
    dial,
    /** Serves one more connection. */
    attach,
    sessions,
    /** Cuts every connection, as when the daemon dies. */
    die(): void {
      for (const end of ends) end.destroy()
    },
  }
}

function asClientCall(call: ServedCall, close: () => void): ClientCall {
  return {
    messages: call.messages,
    pieces: () => call.pieces(),
    send: (...parts) => call.send(...parts),
    signal: call.signal,
    headers: Promise.resolve(call.metadata),
    halfClose: () => {},
    cancel: close,
  }
}

/** The status a daemon gives to a failed build. */
export function failed(message: string): RpcError {
  return new RpcError(Code.Unknown, message)
}
