import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Span, Tracer } from '@opentelemetry/api'

/** A span to record. Attributes never contain a token, code, secret or user name. */
export interface SpanOptions<Result> {
  readonly name: string
  /** `CLIENT` for calls of the store, which are recorded only within another span: background jobs poll every second. */
  readonly kind: 'INTERNAL' | 'CLIENT'
  readonly attributes: Attributes
  /** Returns what the result adds. An `error.type` marks the span as failed. */
  readonly describe?: (result: Result) => Attributes
}

/** Records spans in the SDK that the app has registered, as children of the active span. */
export interface Tracing {
  /** Runs `run` in a span, or just runs it while no SDK is registered. */
  span<Result>(options: SpanOptions<Result>, run: () => Promise<Result>): Promise<Result>
}

type Api = typeof OpenTelemetry

const NAME = 'consulate'

/** Returns undefined if the package `@opentelemetry/api` is not installed. */
export async function loadTracing(): Promise<Tracing | undefined> {
  const api = await importApi()
  return api && createTracing(api)
}

/** It is optional: most apps do not have it. */
export async function importApi(): Promise<Api | undefined> {
  try {
    // Bundlers accept that a package is missing only within `try`.
    return await import('@opentelemetry/api')
  } catch {
    return undefined
  }
}

function createTracing({ context, SpanKind, SpanStatusCode, trace, ProxyTracerProvider }: Api): Tracing {
  /** Returns undefined without an SDK. It may be registered after the server has started. */
  function currentTracer(): Tracer | undefined {
    const provider = trace.getTracerProvider()
    return provider instanceof ProxyTracerProvider
      ? provider.getDelegateTracer(NAME)
      : provider.getTracer(NAME)
  }
  const finish = (span: Span, attributes: Attributes): void => {
    span.setAttributes(attributes)
    if ('error.type' in attributes) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }
  return {
    async span({ name, kind, attributes, describe }, run) {
      const tracer = currentTracer()
      if (!tracer || (kind === 'CLIENT' && !trace.getActiveSpan())) return run()
      const span = tracer.startSpan(name, { kind: SpanKind[kind], attributes })
      try {
        const result = await context.with(trace.setSpan(context.active(), span), run)
        finish(span, describe?.(result) ?? {})
        return result
      } catch (error) {
        // Without the message: it may contain values.
        finish(span, { 'error.type': error instanceof Error ? error.name : 'unknown' })
        throw error
      }
    },
  }
}
