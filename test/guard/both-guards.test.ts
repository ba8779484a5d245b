import { generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Guards } from '../../src/index.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { silentLogger } from '../../src/lib/log.ts'
import { openBrowser } from '../support/browser.ts'
import type { TestScope } from '../support/config.ts'
import { signToken } from '../support/forge.ts'
import { claimOf, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { ApiAnswer } from './start-service.ts'
import { getFrom, startService, timeUntil } from './start-service.ts'

/*
 * The guard inside the server and the guard of another service, side by side. Each case gives the expected response, and
 * both guards must send exactly the same one.
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
const kid = keys.currentKid
const now = Math.floor(Date.now() / 1000)
const machineClaims = {
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
const userClaims = { ...machineClaims, subject_type: 'user', sub: 'alice', azn: 'azn', provider: 'users' }
const sessionClaims = { ...userClaims, sid: 'sid' }
const genuine = { alg: 'ES256', typ: 'at+jwt', kid }

type Expected = readonly [status: number, error?: string, description?: string]
const ACCEPTED: Expected = [200]
const invalid = (description: string): Expected => [401, 'invalid_token', description]
const INVALID = invalid('Invalid token')
const EXPIRED = invalid('Token expired')
const PREMATURE = invalid('Token not yet valid')
const REVOKED = invalid('Token revoked')
const MISSING: Expected = [401, 'missing_token', 'Missing token']
const INSUFFICIENT: Expected = [403, 'insufficient_scope', 'Insufficient scope']

const outcomeOf = ({ status, body }: ApiAnswer): Expected =>
  status === 200 ? ACCEPTED : [status, body['error'] as string, body['error_description'] as string]

async function expectFromBoth(path: string, authorization: string | undefined, expected: Expected) {
  const standalone = await service.get(path, authorization)
  expect(outcomeOf(standalone)).toEqual(expected)
  expect(standalone).toEqual(await getFrom(server.origin + path, authorization))
}

const expectTokenFromBoth = (path: string, payload: object, expected: Expected, header: object = genuine) =>
  expectFromBoth(path, `Bearer ${signToken({ header: { ...header }, payload: { ...payload } })}`, expected)

async function revokedToken(): Promise<string> {
  const token = await machineToken()
  await server.server.tokens.revoke({ tokenId: claimOf(token, 'jti'), expiresAt: Date.now() + 900_000 })
  await timeUntil(401, () => service.get('/machine', `Bearer ${token}`))
  return token
}

describe('both guards give the same answer to', () => {
  const bearer = (token: () => string | Promise<string>) => async () => `Bearer ${await token()}`
  const crafted = () => keys.sign('at+jwt', machineClaims)

  /** A token with a header of the attacker's choice, signed by the attacker's key. */
  function forged(header: object): string {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const input = [header, machineClaims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }

  test.each<[string, string, () => string | undefined | Promise<string>, Expected]>([
    ['a machine token on a machine route', '/machine/orders', bearer(machineToken), ACCEPTED],
    ["a user's token on a user route", '/orders', bearer(userToken), ACCEPTED],
    ["a user's token on a route for both", '/anyone', bearer(() => userToken('orders:create')), ACCEPTED],
    ['a machine token on a route for both', '/anyone', bearer(machineToken), ACCEPTED],
    ['no header', '/machine', () => undefined, MISSING],
    ['another scheme', '/machine', () => 'Basic YTpi', MISSING],
    ['an empty token', '/machine', () => 'Bearer ', INVALID],
    ['a token that is not a JWT', '/machine', () => 'Bearer abc', INVALID],
    ['a token of four parts', '/machine', bearer(() => `${crafted()}.x`), INVALID],
    ['a token that is too long', '/machine', () => `Bearer ${'a'.repeat(12_000)}`, INVALID],
    ['a changed payload', '/machine', bearer(() => crafted().replace(/\.\w/, '.f')), INVALID],
    ['alg none', '/machine', bearer(() => forged({ ...genuine, alg: 'none' })), INVALID],
    ["another key's signature under our kid", '/machine', bearer(() => forged(genuine)), INVALID],
    ['a revoked token', '/machine', bearer(revokedToken), REVOKED],
    [
      'a machine token without the scope',
      '/machine/orders',
      bearer(() => machineToken('profile')),
      INSUFFICIENT,
    ],
    ["a user's token without the scope", '/orders', bearer(() => userToken('profile')), INSUFFICIENT],
    ['a token with neither of two scopes', '/anyone', bearer(() => machineToken('profile')), INSUFFICIENT],
    ['a machine token on a user route', '/me', bearer(machineToken), INVALID],
    ["a user's token on a machine route", '/machine', bearer(userToken), INVALID],
  ])('%s', async (_, path, header, expected) => {
    await expectFromBoth(path, await header(), expected)
  })
})

describe('claims of a token that our own key signed', () => {
  test.each<[string, string, object]>([
    ['a machine token', '/machine', machineClaims],
    ["a user's token", '/me', userClaims],
    ["a user's token with a session", '/me', sessionClaims],
  ])('%s with every claim is accepted', async (_, path, claims) => {
    await expectTokenFromBoth(path, claims, ACCEPTED)
  })

  test.each(Object.keys(machineClaims))('a machine token without %s is invalid', async (name) => {
    await expectTokenFromBoth('/machine', { ...machineClaims, [name]: undefined }, INVALID)
  })

  test.each(Object.keys(userClaims))(
    "a user's token without %s is invalid, or with another type",
    async (name) => {
      // A token may have no scopes, but the claim must be there.
      const empty = name === 'scope' ? [] : ['']
      for (const value of [undefined, null, [], {}, true, ...empty])
        await expectTokenFromBoth('/me', { ...userClaims, [name]: value }, INVALID)
    },
  )

  const other = 'https://elsewhere.example'
  test.each<[string, Expected, readonly object[]]>([
    ['another issuer', INVALID, [{ iss: other }, { iss: `${issuer}/` }, { iss: [issuer] }]],
    ['another subject than the client', INVALID, [{ sub: 'other' }, { sub: 1 }, { client_id: 'other' }]],
    ['a list of audiences that contains this one', ACCEPTED, [{ aud: [issuer] }, { aud: [other, issuer] }]],
    ['the same URL as audience', ACCEPTED, [{ aud: `${issuer}/` }]],
    ['other audiences', INVALID, [{ aud: other }, { aud: [other] }, { aud: `${issuer}/api` }]],
    ['an empty list of audiences', INVALID, [{ aud: [] }, { aud: [''] }]],
    [
      'audiences that are not strings',
      INVALID,
      [{ aud: [issuer, 1] }, { aud: [[issuer]] }, { aud: { 0: issuer } }],
    ],
    ['several audiences in one string', INVALID, [{ aud: `${issuer} ${other}` }]],
    ['the latest exp that fits a Date', ACCEPTED, [{ exp: 8_640_000_000_000 }]],
    ['an exp in the past', EXPIRED, [{ exp: now - 1 }, { exp: 0 }, { exp: now - 1, nbf: now + 600 }]],
    ['an exp that is not a time', INVALID, [{ exp: -1 }, { exp: now + 600.5 }, { exp: `${now + 600}` }]],
    ['an exp that never comes', INVALID, [{ exp: 1e300 }, { exp: 8_640_000_000_001 }, { exp: 2 ** 53 }]],
    ['an nbf that has passed', ACCEPTED, [{ nbf: 0 }, { nbf: now - 1 }]],
    ['an nbf in the future', PREMATURE, [{ nbf: now + 300 }, { nbf: 8_640_000_000_000 }]],
    [
      'an nbf that is not a time',
      INVALID,
      [{ nbf: null }, { nbf: '0' }, { nbf: -1 }, { nbf: 0.5 }, { nbf: 1e300 }],
    ],
    ['an iat in the future, since clocks differ', ACCEPTED, [{ iat: now + 3_600 }, { iat: 0 }]],
    ['an iat that is not a time', INVALID, [{ iat: -1 }, { iat: 0.5 }, { iat: `${now}` }, { iat: 1e300 }]],
    ['a jti that is not a string', INVALID, [{ jti: 1 }, { jti: ['crafted'] }]],
    ['a scope that is not a string', INVALID, [{ scope: ['orders:read'] }]],
    [
      'epochs that are not three numbers',
      INVALID,
      [{ epochs: ['0', '0', '0'] }, { epochs: [0, 0] }, { epochs: [0, 0, 0.5] }],
    ],
    [
      'a machine that claims to be a user',
      INVALID,
      [{ subject_type: 'user' }, { azn: 'azn' }, { provider: 'users' }],
    ],
    ['an unknown subject type', INVALID, [{ subject_type: 'admin' }]],
    ['claims that we do not know', ACCEPTED, [{ auth_time: 'later', extra: {} }]],
  ])('%s: %j', async (_, expected, changes) => {
    await Promise.all(
      changes.map((change) => expectTokenFromBoth('/machine', { ...machineClaims, ...change }, expected)),
    )
  })

  test.each<[object]>([
    [{ provider: 'customers' }],
    [{ subject_type: 'client' }],
    [{ subject_type: 'client', sub: machine.id }],
    [{ sid: '' }],
    [{ sid: ['sid'] }],
    [{ sid: null }],
  ])("of a user's token are invalid with %j", async (change) => {
    await expectTokenFromBoth('/me', { ...sessionClaims, ...change }, INVALID)
    await expectTokenFromBoth('/machine', { ...sessionClaims, ...change }, INVALID)
  })
})

describe('headers of a token that our own key signed', () => {
  test.each<[string, Expected, readonly object[]]>([
    [
      'another typ',
      INVALID,
      [undefined, 'JWT', 'AT+JWT', 'application/at+jwt', ['at+jwt']].map((typ) => ({ typ })),
    ],
    [
      'another kid',
      INVALID,
      [
        undefined,
        1,
        [kid],
        'unknown',
        '__proto__',
        '',
        '../../dev/null',
        "' UNION SELECT 1 --",
        'k'.repeat(4_000),
      ].map((kid) => ({ kid })),
    ],
    [
      'another alg',
      INVALID,
      [undefined, 'none', 'HS256', 'RS256', 'es256', ['ES256']].map((alg) => ({ alg })),
    ],
    ['a crit', INVALID, [[], ['exp'], ['b64'], null].map((crit) => ({ crit, exp: now, b64: true }))],
    ['others that we do not know', ACCEPTED, [{ b64: true, cty: 'JWT', consulate: 'label' }]],
  ])('%s: %j', async (_, expected, changes) => {
    // Together, because a guard looks for an unknown key only once in three seconds.
    await Promise.all(
      changes.map((change) =>
        expectTokenFromBoth('/machine', machineClaims, expected, { ...genuine, ...change }),
      ),
    )
  })
})

describe('the time at which a token is valid', () => {
  test('begins with the second of nbf and ends before the second of exp, without leeway', async () => {
    let time = 0
    const clock = { now: () => time }
    await using timed = await startServer({ clock })
    const standalone = createGuard<TestScope>({
      issuer: timed.issuer,
      revocations: 'none',
      clock,
      logger: silentLogger,
    })
    const [nbf, exp] = [now + 60, now + 120]
    const payload = { ...machineClaims, iss: timed.issuer, aud: timed.issuer, nbf, exp }
    const headers = { authorization: `Bearer ${signToken({ header: genuine, payload })}` }
    const problemAt = async (guard: Guards<TestScope>, milliseconds: number): Promise<unknown> => {
      time = milliseconds
      const result = await guard.machine()(new Request('https://api.example', { headers }))
      return result instanceof Response
        ? ((await result.json()) as Record<string, unknown>)['error_description']
        : 'valid'
    }
    const [start, end] = [nbf * 1000, exp * 1000]
    // The last ones set the clock back, while the token is in the cache.
    const times = [start - 1, start, end - 1, end, start, start - 1]
    const expected = [
      'Token not yet valid',
      'valid',
      'valid',
      'Token expired',
      'valid',
      'Token not yet valid',
    ]
    for (const guard of [timed.server, standalone]) {
      const problems: unknown[] = []
      for (const milliseconds of times) problems.push(await problemAt(guard, milliseconds))
      expect(problems).toEqual(expected)
    }
    standalone.close()
  })
})
