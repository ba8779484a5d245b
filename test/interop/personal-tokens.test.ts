import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, expect, test } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import { getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const { issuer } = server
const { id } = await server.addUser()
const { accessToken } = await server.server.personalTokens.create(id, {
  name: 'Backup',
  scopes: ['orders:read'],
})
server.knownSecrets.add('access token', accessToken)
afterAll(server.close)

const JWKS = server.endpoint('/.well-known/jwks.json')

test('jose verifies a token whose header has a label', async () => {
  const keys = createRemoteJWKSet(new URL(JWKS))
  const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
    issuer,
    audience: issuer,
    typ: 'at+jwt',
  })
  expect([payload.sub, payload['client_id'], protectedHeader['consulate']]).toEqual([
    id,
    'personal-access',
    'pat',
  ])
})

test('oauth4webapi accepts it as an access token by RFC 9068', async () => {
  const as = { issuer, jwks_uri: JWKS }
  const request = new Request(issuer, { headers: { authorization: `Bearer ${accessToken}` } })
  const options = { [oauth.allowInsecureRequests]: true }
  const claims = await oauth.validateJwtAccessToken(as, request, issuer, options)
  expect([claims.sub, claims.scope]).toEqual([id, 'orders:read'])
})

test('a plain RFC 7515 implementation verifies it', async () => {
  const [header = '', payload = '', signature = ''] = accessToken.split('.')
  const { alg, kid } = decodeProtectedHeader(accessToken)
  const { keys } = (await (await fetch(JWKS)).json()) as { keys: { kid: string }[] }
  const jwk = keys.find((candidate) => candidate.kid === kid)
  const key = createPublicKey({ key: jwk as never, format: 'jwk' })
  const input = Buffer.from(`${header}.${payload}`)
  const bytes = Buffer.from(signature, 'base64url')
  expect(alg).toBe('ES256')
  expect(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true)
})

test('the guard of another service accepts it until it is revoked', async () => {
  const follower = await server.addClient({ redirectUris: [], followsRevocations: true })
  const revocations = {
    clientId: follower.id,
    clientSecret: follower.secret ?? '',
    pollInterval: '50ms',
  } as const
  const guard = createGuard({ issuer, revocations })
  const headers = { authorization: `Bearer ${accessToken}` }
  const ask = () => guard.user('orders:read')(new Request(issuer, { headers }))
  expect(await ask()).toMatchObject({ user: { id }, client: { id: 'personal-access' } })
  const other = await server.server.personalTokens.create(id, { name: 'Other' })
  const auth = await guard.user()(
    new Request(issuer, { headers: { authorization: `Bearer ${other.accessToken}` } }),
  )
  if (auth instanceof Response) throw new Error('It was refused')
  await server.server.personalTokens.revoke(auth.authorizationId ?? '')
  const askOther = async () =>
    (await guard.user()(
      new Request(issuer, { headers: { authorization: `Bearer ${other.accessToken}` } }),
    )) instanceof Response
  await expect.poll(askOther).toBe(true)
  expect(await ask()).not.toBeInstanceOf(Response)
  guard.close()
})

test('the pattern in the guide finds it within a text, and finds no other token', async () => {
  const guide = readFileSync(new URL('../../docs/guides/personal-access-tokens.md', import.meta.url), 'utf8')
  const pattern = /```text\n(.+)\n```/.exec(guide)?.[1] ?? ''
  expect(`TOKEN="${accessToken}" # mine`.match(new RegExp(pattern))?.[0]).toBe(accessToken)
  const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const { access_token: other } = await getTokens(server, machine, { grant_type: 'client_credentials' })
  expect(other).not.toMatch(new RegExp(pattern))
})
