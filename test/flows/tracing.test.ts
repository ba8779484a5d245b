import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, getCodeFlowTokens, getTokens, refresh, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const spans = new InMemorySpanExporter()
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 600_000 })
const server = await startServer()
const [user, client] = [await server.addUser(), await server.addClient()]
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const flow = { server, browser: openBrowser(server), client, user }
const issue = () => getTokens(server, machine, { grant_type: 'client_credentials' })

/** Without an SDK, a server works as before. Then one is registered while it runs. */
const unobserved = await issue()
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
afterAll(async () => {
  for (const api of [trace, context, metrics]) api.disable()
  await reader.shutdown()
  await server.close()
})
beforeEach(() => spans.reset())

const named = (name: string) => spans.getFinishedSpans().filter((span) => span.name === name)

test('a request is a span with the calls of the store as its children', async () => {
  const { headers } = await requestToken(server, machine, { grant_type: 'client_credentials' })
  const [request] = named('POST /oauth/token')
  expect(request?.kind).toBe(SpanKind.INTERNAL)
  expect(request?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/oauth/token',
    'http.response.status_code': 200,
    'consulate.request_id': headers.get('x-request-id'),
  })
  await getCodeFlowTokens(flow)
  const [exchange] = named('codes.exchange')
  const parents = named('POST /oauth/token').map((span) => span.spanContext().spanId)
  expect(exchange?.kind).toBe(SpanKind.CLIENT)
  expect(exchange?.attributes).toEqual({ 'db.system.name': 'sqlite', 'db.operation.name': 'codes.exchange' })
  expect(parents).toContain(exchange?.parentSpanContext?.spanId)
})

test('the span of a request is a child of the active span of the app', async () => {
  const tracer = trace.getTracer('app')
  const response = await tracer.startActiveSpan('app', async (span) => {
    const url = new URL('/.well-known/oauth-authorization-server', server.issuer)
    const found = await server.server.fetch(new Request(url))
    span.end()
    return found
  })
  expect(response.status).toBe(200)
  const [[app], [request]] = [named('app'), named('GET /.well-known/oauth-authorization-server')]
  expect(request?.parentSpanContext?.spanId).toBe(app?.spanContext().spanId)
})

test('calls of the store outside of a span are not recorded', async () => {
  await server.server.purge()
  expect(spans.getFinishedSpans()).toEqual([])
})

test('only server errors mark a span as failed', async () => {
  await requestToken(server, machine, { grant_type: 'nothing' })
  expect(named('POST /oauth/token')[0]?.status.code).toBe(SpanStatusCode.UNSET)
})

test('a guard records a span for the first check of a token, and nothing for later ones', async () => {
  const { access_token: token } = await issue()
  spans.reset()
  for (let count = 0; count < 3; count += 1)
    expect((await callApi(server, '/machine', token)).status).toBe(200)
  // Next records spans of its own.
  const own = spans
    .getFinishedSpans()
    .filter(({ instrumentationScope }) => instrumentationScope.name === 'consulate')
  expect(own.map(({ name }) => name)).toEqual(['guard verify'])
  expect((await callApi(server, '/machine', unobserved.access_token)).status).toBe(200)
})

test('spans contain no token, code, secret or user name', async () => {
  const tokens = await getCodeFlowTokens(flow)
  await refresh(flow, tokens.refresh_token)
  const page = await openBrowser(server).open(server.endpoint('/login'))
  await openBrowser(server).signIn(page, user)
  await requestToken(server, { ...client, secret: 'a wrong secret' }, { grant_type: 'refresh_token' })
  const text = JSON.stringify(
    spans
      .getFinishedSpans()
      .map(({ name, attributes, events, status }) => [name, attributes, events, status]),
  )
  expect(text).toContain('/oauth/token')
  const secrets = [...server.knownSecrets.entries.keys(), user.email, user.id, 'a wrong secret']
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
})

test('metrics are recorded in the SDK that was registered after the start', async () => {
  await issue()
  await reader.forceFlush()
  const found = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .filter(({ scope }) => scope.name === 'consulate')
    .flatMap((each) => each.metrics)
  const issued = found.findLast(({ descriptor }) => descriptor.name === 'consulate.tokens_issued')
  expect(issued?.dataPoints.map(({ attributes }) => attributes)).toContainEqual({
    grant_type: 'client_credentials',
  })
  expect(found.map(({ descriptor }) => descriptor.name)).toContain('consulate.request_duration')
})
