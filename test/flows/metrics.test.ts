import { readFileSync } from 'node:fs'
import parsePrometheus from 'parse-prometheus-text-format'
import { afterAll, expect, test } from 'vitest'
import { METRICS } from '../../src/telemetry/metrics.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, getCodeFlowTokens, getTokens, refresh, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const TOKEN = 'a-token-for-prometheus-only'
const server = await startServer({ metrics: { token: ['another-token-for-metrics', TOKEN] } })
afterAll(server.close)
const [user, client] = [await server.addUser(), await server.addClient()]
const flow = { server, browser: openBrowser(server), client, user }

const scrape = (token = TOKEN): Promise<Response> =>
  fetch(server.endpoint('/oauth/metrics'), { headers: { authorization: `Bearer ${token}` } })

/** Parses what Prometheus would read, and returns a function that looks up one value. */
async function values() {
  const response = await scrape()
  expect(response.status).toBe(200)
  const families = parsePrometheus(await response.text())
  return (name: string, labels: Readonly<Record<string, string>> = {}): number => {
    const samples = families.find((family) => family.name === name)?.metrics ?? []
    const found = samples.filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value),
    )
    return found.reduce((total, { value }) => total + Number(value), 0)
  }
}

test('counts requests, tokens, sign-ins, failures, revocations, replays and guard checks', async () => {
  const before = await values()
  const tokens = await getCodeFlowTokens(flow)
  await refresh(flow, tokens.refresh_token)
  server.clock.advance('2m')
  await refresh(flow, tokens.refresh_token)
  const page = await openBrowser(server).open(server.endpoint('/login'))
  await openBrowser(server).signIn(page, { ...user, password: 'wrong' })
  await requestToken(server, client, { grant_type: 'nothing' })
  await callApi(server, '/me', tokens.access_token)
  const after = await values()
  const grew = (name: string, labels?: Readonly<Record<string, string>>): number =>
    after(name, labels) - before(name, labels)
  expect(grew('consulate_requests_total', { route: 'token', status: '200' })).toBe(2)
  expect(grew('consulate_refusals_total', { code: 'unsupported_grant_type' })).toBe(1)
  expect(grew('consulate_tokens_issued_total', { grant_type: 'authorization_code' })).toBe(1)
  expect(grew('consulate_refreshes_total', { repeated: 'false' })).toBe(1)
  expect(grew('consulate_sign_ins_total')).toBe(1)
  expect(grew('consulate_consents_total', { answer: 'given' })).toBe(1)
  expect(grew('consulate_replays_total', { credential: 'refresh_token' })).toBe(1)
  expect(grew('consulate_revocations_total', { kind: 'authorization', reason: 'replay' })).toBe(1)
  expect(grew('consulate_guard_checks_total', { result: 'invalid_token' })).toBe(1)
  expect(after('consulate_revocation_feed_age_seconds')).toBeLessThan(60)
  expect(after('consulate_revocation_entries')).toBeGreaterThan(0)
})

test('never has a value that a client sent as a label', async () => {
  const odd = 'zzz-sent-by-a-client'
  await requestToken(server, { ...client, id: odd }, { grant_type: odd, scope: odd })
  await fetch(server.endpoint('/oauth/token'), { method: 'PROPFIND' })
  await fetch(server.endpoint(`/oauth/personal-access-tokens/${odd}`), { method: 'DELETE' })
  const text = await (await scrape()).text()
  for (const sent of [odd, 'PROPFIND', client.id, user.id, user.email]) expect(text).not.toContain(sent)
})

test.each(['', 'a-token-for-prometheus-onlx', `${TOKEN} ${TOKEN}`])(
  'are refused without a token of their own: %j',
  async (token) => {
    const response = await scrape(token)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
    expect(await response.text()).not.toContain('consulate_')
  },
)

test('are refused to access tokens', async () => {
  const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const { access_token: token } = await getTokens(server, machine, { grant_type: 'client_credentials' })
  expect((await scrape(token)).status).toBe(401)
})

test('are text for a route of the app, without an endpoint of our own', async () => {
  await using own = await startServer({ metrics: {} })
  expect((await fetch(own.endpoint('/oauth/metrics'))).status).toBe(404)
  expect(await own.server.metrics.text()).toContain('# TYPE consulate_requests_total counter')
  await using off = await startServer()
  await expect(off.server.metrics.text()).rejects.toThrow('Write metrics: {} to turn them on')
})

test('a token that is too short is a configuration error', async () => {
  await expect(startServer({ metrics: { token: 'short' } })).rejects.toThrow('metrics.token')
})

test('the dashboard uses only metrics that exist', async () => {
  const dashboard = readFileSync('examples/grafana-dashboard.json', 'utf8')
  const used = new Set(dashboard.match(/consulate_\w+/g)?.map((name) => name.replace(/_bucket$/, '')))
  const text = await (await scrape()).text()
  expect(used.size).toBeGreaterThan(8)
  for (const name of used) expect(text).toContain(`# TYPE ${name} `)
  for (const { name } of Object.values(METRICS)) expect(text).toContain(`# TYPE ${name} `)
})
