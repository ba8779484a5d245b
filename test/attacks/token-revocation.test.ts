import { createHmac, createPublicKey } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { decodeToken, signToken, withOtherCharacter } from '../support/forge.ts'
import {
  basic,
  callApi,
  fetchJson,
  formBody,
  getCode,
  getCodeFlowTokens,
  introspectToken,
  refresh,
  revokeToken,
} from '../support/oauth-client.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
// It introspects its own tokens: the refresh tokens of others are inactive for it in any case.
const [user, client] = [await server.addUser(), await server.addClient({ introspects: true })]
const visit = { server, browser: openBrowser(server), client, user }
const tokens = await getCodeFlowTokens(visit)
const own = decodeToken(tokens.access_token)
const [header = '', payload = '', signature = ''] = tokens.access_token.split('.')
afterAll(server.close)

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A MAC with the public key as its secret. */
function signedWithPublicKey(): string {
  const key = createPublicKey(testSecrets.signingKeys[0].privateKey).export({ type: 'spki', format: 'pem' })
  const input = `${encode({ ...own.header, alg: 'HS256' })}.${payload}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

const FORGED: readonly (readonly [string, string])[] = [
  ['without a signature', `${encode({ ...own.header, alg: 'none' })}.${payload}.`],
  ['with a MAC by the public key', signedWithPublicKey()],
  ['with other claims', `${header}.${encode({ ...own.payload, scope: '*' })}.${signature}`],
  ['with another character', withOtherCharacter(tokens.access_token, tokens.access_token.length - 5)],
  ['that is cut off', tokens.access_token.slice(0, -1)],
  ['of another type', signToken({ ...own, header: { ...own.header, typ: 'JWT' } })],
  ['of another issuer', signToken({ ...own, payload: { ...own.payload, iss: 'https://evil.example' } })],
  ['without an audience', signToken({ ...own, payload: { ...own.payload, aud: undefined } })],
  ['that is huge', `${header}.${'A'.repeat(40_000)}.${signature}`],
  [
    'that is a changed refresh token',
    withOtherCharacter(tokens.refresh_token, tokens.refresh_token.length - 5),
  ],
  ['with another generation', tokens.refresh_token.replace(/\.0\./, '.1.')],
]

describe('a forged token', () => {
  test.each(FORGED)('%s revokes nothing and is inactive, like an unknown one', async (_, token) => {
    const [unknown, forged] = [
      await revokeToken(server, client, 'unknown'),
      await revokeToken(server, client, token),
    ]
    expect([forged.status, forged.body]).toEqual([unknown.status, unknown.body])
    expect((await introspectToken(server, client, token)).body).toEqual({ active: false })
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
    for (const genuine of [tokens.access_token, tokens.refresh_token])
      expect((await introspectToken(server, client, genuine)).body).toMatchObject({ active: true })
  })
})

describe('another secret in the place of a token', () => {
  test('is not revoked, spent or described', async () => {
    const { code, exchange } = await getCode(visit)
    const [session = ''] = [...visit.browser.cookies].map(([, value]) => value)
    for (const secret of [code, client.secret ?? '', session, client.id, user.id]) {
      expect((await revokeToken(server, client, secret)).status).toBe(200)
      expect((await introspectToken(server, client, secret)).body).toEqual({ active: false })
    }
    const body = formBody(exchange)
    const headers = { authorization: basic(client.id, client.secret ?? '') }
    const exchanged = await fetchJson(server, '/oauth/token', { method: 'POST', body, headers })
    expect(exchanged.status).toBe(200)
  })
})

describe('a server with the same keys and database', () => {
  test('neither revokes nor describes the tokens of another issuer', async () => {
    await using other = await startServer({ path: '/tenant', file: server.file })
    const mine = await getCodeFlowTokens(visit)
    for (const token of [mine.access_token, mine.refresh_token]) {
      expect((await revokeToken(other, client, token)).status).toBe(200)
      expect((await introspectToken(other, client, token)).body).toEqual({ active: false })
    }
    expect((await callApi(server, '/me', mine.access_token)).status).toBe(200)
    expect((await refresh(visit, mine.refresh_token)).status).toBe(200)
  })
})

describe('a thief with a stolen token', () => {
  test('can revoke it as a public client only if that client got it', async () => {
    const mine = await getCodeFlowTokens(visit)
    const thief = await server.addClient({ type: 'public' })
    for (const token of [mine.access_token, mine.refresh_token])
      expect((await revokeToken(server, thief, token)).body['error']).toBe('invalid_grant')
    expect((await refresh(visit, mine.refresh_token)).status).toBe(200)
  })

  test('learns nothing about it, as any client that may not introspect', async () => {
    const answers = []
    const thief = await server.addClient()
    for (const token of [tokens.access_token, tokens.refresh_token, 'unknown'])
      answers.push((await introspectToken(server, thief, token)).body)
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })
})
