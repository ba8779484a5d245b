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

test('a code that comes a second time gives nothing and ends what it gave', async () => {
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

test('a code that comes again and again is told of once: nobody can fill the log of what was revoked', async () => {
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

test("another client's try leaves a code unspent", async () => {
  const { exchange } = await getCode(visit)
  const answer = await requestToken(server, other, exchange)
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant'])
  expect(await isSpent(exchange)).toBe(false)
})

test("another client's replay of a spent code revokes nothing", async () => {
  const { exchange } = await getCode(visit)
  const tokens = await getTokens(server, client, exchange)
  expect((await requestToken(server, other, exchange)).body['error']).toBe('invalid_grant')
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
})

test('a wrong redirect URI leaves a code unspent, and so does a missing one', async () => {
  const { exchange } = await getCode(visit)
  const wrong = await requestToken(server, client, { ...exchange, redirect_uri: 'https://app.example/other' })
  const missing = await requestToken(server, client, { ...exchange, redirect_uri: undefined })
  expect([wrong.body['error'], missing.body['error']]).toEqual(['invalid_grant', 'invalid_request'])
  expect(await isSpent(exchange)).toBe(false)
})

test.each([
  ['too short', 'a'.repeat(42)],
  ['too long', 'a'.repeat(129)],
  ['of other characters', `${'a'.repeat(42)}!`],
  ['missing', undefined],
])('a verifier that is %s is refused before the code is spent', async (_, verifier) => {
  const { exchange } = await getCode(visit)
  const answer = await requestToken(server, client, { ...exchange, code_verifier: verifier })
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request'])
  expect(await isSpent(exchange)).toBe(false)
})

test('a well-formed wrong verifier spends the code: there is no second try', async () => {
  const { exchange } = await getCode(visit)
  const answer = await requestToken(server, client, { ...exchange, code_verifier: createPkce().verifier })
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant'])
  expect(await isSpent(exchange)).toBe(true)
})

test('a verifier without a challenge is refused: somebody may have taken the challenge away', async () => {
  const confidential = await server.addClient()
  const plain = { code_challenge: undefined, code_challenge_method: undefined }
  const { exchange } = await getCode({ ...visit, client: confidential }, plain)
  const answer = await requestToken(server, confidential, exchange)
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request'])
})

test('a code lives for a minute', async () => {
  const { exchange } = await getCode(visit)
  server.clock.advance('61s')
  const answer = await requestToken(server, client, exchange)
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant'])
})

test('a code that nobody was given is refused', async () => {
  const answer = await requestToken(server, client, {
    grant_type: 'authorization_code',
    code: createPkce().verifier,
  })
  expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant'])
})

test('a code whose person signed out meanwhile is refused', async () => {
  const alone = { ...visit, browser: openBrowser(server) }
  const { exchange } = await getCode(alone)
  const question = await alone.browser.open(server.endpoint('/logout'))
  await alone.browser.press(question, 'Sign out')
  expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
})
