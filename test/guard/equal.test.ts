import { generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { createKeySet } from '../../src/keys/key-set.ts'
import { openBrowser } from '../support/browser.ts'
import { getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { createSecrets, testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { ApiAnswer } from './start-service.ts'
import { getFrom, startService, timeUntil } from './start-service.ts'

/*
 * The guard that is built into the server and the guard of another service, side by side: one table of cases, and every
 * answer must be the same to the letter, and the one that is written here.
 */
const server = await startServer()
const { issuer } = server
const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
const service = await startService({
  issuer,
  revocations: { clientId: follower.id, clientSecret: follower.secret ?? '', pollInterval: '200ms' },
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
  await server.close()
})

const machine = await server.addClient({
  grantTypes: ['client_credentials'],
  scopes: ['orders:read', 'profile'],
})
const machineToken = async (scope = 'orders:read'): Promise<string> =>
  (await getTokens(server, machine, { grant_type: 'client_credentials', scope })).access_token
const [user, client] = [await server.addUser(), await server.addClient()]
const visit = { server, browser: openBrowser(server), client, user }
const userToken = async (scope = 'orders:read'): Promise<string> =>
  (await getCodeFlowTokens(visit, { scope })).access_token

const keys = await createKeySet(testSecrets)
const now = Math.floor(Date.now() / 1000)
const claims = {
  iss: issuer,
  sub: machine.id,
  aud: issuer,
  client_id: machine.id,
  scope: 'orders:read',
  jti: 'crafted',
  iat: now,
  exp: now + 600,
  subject_type: 'client',
  epochs: [0, 0, 0],
}
const crafted = (changes: object = {}, type = 'at+jwt'): string => keys.sign(type, { ...claims, ...changes })
const personal = { subject_type: 'user', sub: 'alice', azn: 'azn', provider: 'users' }

/** A token whose header is a forger's own. */
function forged(header: object): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

async function revoked(): Promise<string> {
  const token = await machineToken()
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string
  }
  await server.server.tokens.revoke({ tokenId: jti, expiresAt: Date.now() + 900_000 })
  await timeUntil(401, () => service.get('/machine', `Bearer ${token}`))
  return token
}

type Expected = readonly [status: number, error?: string, description?: string]
const INVALID: Expected = [401, 'invalid_token', 'Invalid token']
const EXPIRED: Expected = [401, 'invalid_token', 'Token expired']
const REVOKED: Expected = [401, 'invalid_token', 'Token revoked']
const MISSING: Expected = [401, 'missing_token', 'Missing token']
const INSUFFICIENT: Expected = [403, 'insufficient_scope', 'Insufficient scope']
const OTHER = { signingKeys: createSecrets().signingKeys, secrets: testSecrets.secrets }
const foreign = async (): Promise<string> => (await createKeySet(OTHER)).sign('at+jwt', claims)
const kid = keys.currentKid

type Case = readonly [
  name: string,
  path: string,
  header: () => string | undefined | Promise<string>,
  Expected,
]

const bearer = (token: () => string | Promise<string>) => async () => `Bearer ${await token()}`

const CASES: readonly Case[] = [
  ['a machine where machines are expected', '/machine/orders', bearer(machineToken), [200]],
  ['a person where people are expected', '/orders', bearer(userToken), [200]],
  ['a person where both are', '/anyone', bearer(() => userToken('orders:create')), [200]],
  ['a machine where both are', '/anyone', bearer(machineToken), [200]],
  ['a crafted token that is as it must be', '/machine', bearer(() => crafted()), [200]],
  ['no header', '/machine', () => undefined, MISSING],
  ['another scheme', '/machine', () => 'Basic YTpi', MISSING],
  ['an empty token', '/machine', () => 'Bearer ', INVALID],
  ['no JWT', '/machine', () => 'Bearer abc', INVALID],
  ['four parts', '/machine', bearer(() => `${crafted()}.x`), INVALID],
  ['a token that is too long', '/machine', () => `Bearer ${'a'.repeat(12_000)}`, INVALID],
  ['an altered payload', '/machine', bearer(() => crafted().replace(/\.\w/, '.f')), INVALID],
  ['no algorithm', '/machine', bearer(() => forged({ alg: 'none', typ: 'at+jwt', kid })), INVALID],
  ['a stolen kid', '/machine', bearer(() => forged({ alg: 'ES256', typ: 'at+jwt', kid })), INVALID],
  ['no kid', '/machine', bearer(() => forged({ alg: 'ES256', typ: 'at+jwt' })), INVALID],
  [
    'a kid that is no text',
    '/machine',
    bearer(() => forged({ alg: 'ES256', typ: 'at+jwt', kid: 1 })),
    INVALID,
  ],
  ["a forger's kid", '/machine', bearer(() => forged({ alg: 'ES256', typ: 'at+jwt', kid: 'mine' })), INVALID],
  ["another issuer's key", '/machine', bearer(foreign), INVALID],
  ['another issuer', '/machine', bearer(() => crafted({ iss: 'https://elsewhere.example' })), INVALID],
  ['another audience', '/machine', bearer(() => crafted({ aud: 'https://api.example' })), INVALID],
  ['several audiences', '/machine', bearer(() => crafted({ aud: [issuer, 'b'] })), INVALID],
  ['another type of token', '/machine', bearer(() => crafted({}, 'session+jwt')), INVALID],
  ['a claim that is missing', '/machine', bearer(() => crafted({ epochs: undefined })), INVALID],
  ['an expired token', '/machine', bearer(() => crafted({ exp: now - 1 })), EXPIRED],
  ['a revoked token', '/machine', bearer(revoked), REVOKED],
  ['an insufficient scope', '/machine/orders', bearer(() => machineToken('profile')), INSUFFICIENT],
  ["a person's insufficient scope", '/orders', bearer(() => userToken('profile')), INSUFFICIENT],
  ['neither of two scopes', '/anyone', bearer(() => machineToken('profile')), INSUFFICIENT],
  ['a machine where people are expected', '/me', bearer(machineToken), INVALID],
  ['a person where machines are expected', '/machine', bearer(userToken), INVALID],
  ['a machine that names a person', '/me', bearer(() => crafted({ azn: 'azn', provider: 'users' })), INVALID],
  ['a person of the provider', '/me', bearer(() => crafted(personal)), [200]],
  [
    'a person of another provider',
    '/me',
    bearer(() => crafted({ ...personal, provider: 'admins' })),
    INVALID,
  ],
]

const outcomeOf = ({ status, body }: ApiAnswer): Expected =>
  status === 200 ? [200] : [status, body['error'] as string, body['error_description'] as string]

test.each(CASES)('%s is answered alike by both guards', async (_name, path, header, expected) => {
  const authorization = await header()
  const alone = await service.get(path, authorization)
  expect(outcomeOf(alone)).toEqual(expected)
  expect(alone).toEqual(await getFrom(server.origin + path, authorization))
})
