import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import protobuf from 'protobufjs'
import { listenOn } from '../../test/depot/stand-in/listener.ts'

/** When a daemon has worked on a step of a build, by its own clock; milliseconds of Unix time. */
export interface VertexSpan {
  readonly startedAt: number
  readonly endedAt: number
}

/** Receives what daemons trace. */
export interface TraceReceiver extends AsyncDisposable {
  /** What has come so far: everything, once the daemons have stopped. */
  vertices(): VertexSpan[]
}

/**
 * Receives the traces of every daemon that is started while it is there: OpenTelemetry's standard variables tell
 * them so. What a client shows of a build plays no part in it.
 */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const traces: Buffer[] = []
  const server = createServer(async (request, response) => {
    traces.push(await buffer(request))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  const listener = await listenOn(server, 0)
  const variables = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${listener.port}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
  }
  Object.assign(process.env, variables)
  return {
    vertices: () => traces.flatMap(vertexSpans),
    async [Symbol.asyncDispose]() {
      for (const name of Object.keys(variables)) delete process.env[name]
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** The spans that buildkitd marks with the vertex they are about (moby/buildkit `solver/jobs.go`). */
function vertexSpans(request: Uint8Array): VertexSpan[] {
  const { resourceSpans } = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(request), {
    arrays: true,
    longs: Number,
  }) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .filter(({ attributes }) => attributes.some(({ key }) => key === 'vertex'))
    .map(({ startTimeUnixNano, endTimeUnixNano }) => ({
      startedAt: startTimeUnixNano / 1e6,
      endedAt: endTimeUnixNano / 1e6,
    }))
}

interface Span {
  readonly startTimeUnixNano: number
  readonly endTimeUnixNano: number
  readonly attributes: readonly { readonly key: string }[]
}

/** Field numbers: open-telemetry/opentelemetry-proto, `collector/trace/v1` and `trace/v1`. */
const ExportTraceServiceRequest = protobuf
  .parse(`
    syntax = "proto3";
    message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { repeated ScopeSpans scope_spans = 2; }
    message ScopeSpans { repeated Span spans = 2; }
    message Span {
      fixed64 start_time_unix_nano = 7;
      fixed64 end_time_unix_nano = 8;
      repeated KeyValue attributes = 9;
    }
    message KeyValue { string key = 1; }
  `)
  .root.lookupType('ExportTraceServiceRequest')
