import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  fetchJson,
  requestToken,
  basic,
  claimOf,
  formBody,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const [mine, theirs] = [await server.addClient(), await server.addClient({ name: 'Theirs' })]
const [app, imposter] = [
  await server.addClient({ type: 'public' }),
  await server.addClient({ type: 'public' }),
]
const visit = { server, browser: openBrowser(server), client: mine, user }
afterAll(server.close)

/** Requests tokens as one client with the code or token of another, in every way. */
const impersonations: Readonly<Record<string, (parameters: Parameters) => Promise<JsonResponse>>> = {
  'another confidential client': (parameters) => requestToken(server, theirs, parameters),
  'a public client': (parameters) => requestToken(server, imposter, parameters),
  "the client's ID without the secret": (parameters) =>
    requestToken(server, { ...mine, secret: undefined }, parameters),
  "the client's ID with the secret of another": (parameters) =>
    requestToken(server, { ...mine, secret: theirs.secret }, parameters),
  "the client's ID with an empty secret": (parameters) =>
    post({ ...parameters, client_id: mine.id, client_secret: '' }),
  "another client by Basic and the client's ID in the body": (parameters) =>
    post({ ...parameters, client_id: mine.id }, theirs),
  "the client's ID in the query": (parameters) =>
    post(
      { ...parameters, client_id: imposter.id },
      undefined,
      `?client_id=${mine.id}&client_secret=${mine.secret}`,
    ),
  'no client': (parameters) => post(parameters),
}

function post(parameters: Parameters, by?: TestClient, query = ''): Promise<JsonResponse> {
  const headers: Record<string, string> = by ? { authorization: basic(by.id, by.secret ?? '') } : {}
  return fetchJson(server, `/oauth/token${query}`, { method: 'POST', body: formBody(parameters), headers })
}

const refusals = ['invalid_grant', 'invalid_client', 'invalid_request']

describe.each(Object.entries(impersonations))('%s', (_, ask) => {
  test('cannot exchange a code, and does not spend it', async () => {
    const { exchange } = await getCode(visit)
    const response = await ask(exchange)
    expect(refusals).toContain(response.body['error'])
    await getTokens(server, mine, exchange)
  })

  test('cannot exchange a spent code, and revokes nothing', async () => {
    const { exchange } = await getCode(visit)
    const tokens = await getTokens(server, mine, exchange)
    expect(refusals).toContain((await ask(exchange)).body['error'])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('cannot refresh, and neither rotates nor revokes the token', async () => {
    const tokens = await getCodeFlowTokens(visit)
    const response = await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(refusals).toContain(response.body['error'])
    const id = claimOf(tokens.access_token, 'azn')
    expect((await server.store.authorizations.find(id))?.generation).toBe(0)
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('cannot use an old refresh token, and revokes nothing', async () => {
    const tokens = await getCodeFlowTokens(visit)
    const next = await refresh(visit, tokens.refresh_token)
    server.clock.advance('2m')
    const response = await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    expect(refusals).toContain(response.body['error'])
    expect((await refresh(visit, String(next.body['refresh_token']))).status).toBe(200)
  })
})

test('a public client can use only its own codes and refresh tokens', async () => {
  const theirVisit = { ...visit, client: app }
  const { exchange } = await getCode(theirVisit)
  expect((await requestToken(server, imposter, exchange)).body['error']).toBe('invalid_grant')
  const tokens = await getTokens(server, app, exchange)
  const other = { ...theirVisit, client: imposter }
  expect((await refresh(other, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  expect((await refresh(theirVisit, tokens.refresh_token)).status).toBe(200)
})

test.each([
  'https://app.example/callback/',
  'https://app.example/callback?',
  'https://APP.example/callback',
  'https://app.example:443/callback',
  'https://evil.example/callback',
])('a code is bound to its exact redirect URI: %s', async (uri) => {
  const { exchange } = await getCode(visit)
  const response = await requestToken(server, mine, { ...exchange, redirect_uri: uri })
  expect(response.body['error']).toBe('invalid_grant')
})
