import { afterAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { createPkce, callApi, requestToken, getCode, getTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient({ type: 'public' })
const other = await server.addClient({ type: 'public', name: 'Other' })
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const isSpent = async (exchange: Record<string, string | undefined>): Promise<boolean> =>
  (await requestToken(server, client, exchange)).status !== 200

test('a replayed code is rejected and revokes its authorization', async () => {
  const { exchange } = await getCode(visit)
  const tokens = await getTokens(server, client, exchange)
  const unrelated = await getTokens(server, client, (await getCode(visit)).exchange)
  expect(await requestToken(server, client, exchange)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
  expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe('Token revoked')
  expect((await refresh(visit, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  expect((await callApi(server, '/me', unrelated.access_token)).status).toBe(200)
  expect(server.events).toContainEqual({
    name: 'replay.detected',
    payload: expect.objectContaining({ credential: 'code', clientId: client.id }) as unknown,
  })
})

test('a code that is replayed many times writes one revocation', async () => {
  const { exchange } = await getCode(visit)
  await getTokens(server, client, exchange)
  const before = server.events.length
  for (let count = 0; count < 5; count += 1)
    expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
  const told = server.events.slice(before).map(({ name }) => name)
  const ofReplays = ['revocation.written', 'replay.detected']
  expect(told.filter((name) => ofReplays.includes(name))).toEqual(ofReplays)
  expect(told.filter((name) => name === 'request.refused')).toHaveLength(5)
})

test('another client cannot spend a code', async () => {
  const { exchange } = await getCode(visit)
  const response = await requestToken(server, other, exchange)
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
  expect(await isSpent(exchange)).toBe(false)
})

test('another client cannot revoke anything with a spent code', async () => {
  const { exchange } = await getCode(visit)
  const tokens = await getTokens(server, client, exchange)
  expect((await requestToken(server, other, exchange)).body['error']).toBe('invalid_grant')
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
})

test('a wrong or missing redirect URI does not spend a code', async () => {
  const { exchange } = await getCode(visit)
  const wrong = await requestToken(server, client, { ...exchange, redirect_uri: 'https://app.example/other' })
  const missing = await requestToken(server, client, { ...exchange, redirect_uri: undefined })
  expect([wrong.body['error'], missing.body['error']]).toEqual(['invalid_grant', 'invalid_request'])
  expect(await isSpent(exchange)).toBe(false)
})

test.each([
  ['too short', 'a'.repeat(42)],
  ['too long', 'a'.repeat(129)],
  ['made of invalid characters', `${'a'.repeat(42)}!`],
  ['missing', undefined],
])('a verifier that is %s is rejected before the code is spent', async (_, verifier) => {
  const { exchange } = await getCode(visit)
  const response = await requestToken(server, client, { ...exchange, code_verifier: verifier })
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
  expect(await isSpent(exchange)).toBe(false)
})

test('a well-formed wrong verifier spends the code', async () => {
  const { exchange } = await getCode(visit)
  const response = await requestToken(server, client, { ...exchange, code_verifier: createPkce().verifier })
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
  expect(await isSpent(exchange)).toBe(true)
})

test('a verifier without a challenge is rejected, because an attacker may have removed the challenge', async () => {
  const confidential = await server.addClient()
  const plain = { code_challenge: undefined, code_challenge_method: undefined }
  const { exchange } = await getCode({ ...visit, client: confidential }, plain)
  const response = await requestToken(server, confidential, exchange)
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
})

test('a code expires after a minute', async () => {
  const { exchange } = await getCode(visit)
  server.clock.advance('61s')
  const response = await requestToken(server, client, exchange)
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
})

test('an unknown code is rejected', async () => {
  const response = await requestToken(server, client, {
    grant_type: 'authorization_code',
    code: createPkce().verifier,
  })
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
})

test('a code is rejected after the user has signed out', async () => {
  const alone = { ...visit, browser: openBrowser(server) }
  const { exchange } = await getCode(alone)
  const question = await alone.browser.open(server.endpoint('/logout'))
  await alone.browser.press(question, 'Sign out')
  expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
})
