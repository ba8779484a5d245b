import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { JsonWebKey, KeyObject, KeyPairKeyObjectResult } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { JWK } from 'jose'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Guard, GuardOptions } from '../../src/guard/standalone.ts'
import { silentLogger } from '../../src/lib/log.ts'
import { getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { answer, openRelay } from './relay.ts'
import type { Interference } from './relay.ts'

const [METADATA, JWKS, FEED] = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/oauth/revocations',
]

const [relay, elsewhere] = [await openRelay(), await openRelay()]
const issuer = relay.origin
const server = await startServer({ issuer })
relay.target = elsewhere.target = server.origin
const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
const { access_token: genuine } = await getTokens(server, machine, { grant_type: 'client_credentials' })
const metadata = (await (await fetch(server.origin + METADATA)).json()) as Record<string, unknown>
const [ownKey] = ((await (await fetch(server.origin + JWKS)).json()) as { keys: readonly JWK[] }).keys

beforeEach(() => {
  relay.interfere = () => undefined
})
afterAll(async () => {
  await server.close()
  await Promise.all([relay, elsewhere].map((one) => one[Symbol.asyncDispose]()))
})

const credentials = { clientId: follower.id, clientSecret: follower.secret ?? '' }

const open = (options: Partial<GuardOptions> = {}): Guard =>
  createGuard({ issuer, revocations: credentials, logger: silentLogger, ...options })

const statusOf = async (guard: Guard, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` }
  const result = await guard.machine()(new Request('http://api.example', { headers }))
  return result instanceof Response ? result.status : 200
}

/** Returns why a guard cannot get ready. It responds with 503 meanwhile, and contacts no other server. */
async function problemOf(path: string, interference: Interference): Promise<string> {
  relay.interfere = (requested) => (requested === path ? interference : undefined)
  const guard = open()
  const problem = await guard.ready().then(() => 'none', messagesOf)
  expect(await statusOf(guard, genuine)).toBe(503)
  expect(elsewhere.seen).toEqual([])
  guard.close()
  return problem
}

const messagesOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${messagesOf(error.cause)}` : ''

const endless: Interference = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  const more = (): void => {
    if (!response.destroyed) response.write(' '.repeat(65_536), () => setImmediate(more))
  }
  more()
}

const page: Interference = (response) => void response.end('<html>')

const redirected: Interference = (response, { url }) =>
  void response.writeHead(307, { Location: elsewhere.origin + url }).end()

describe('a guard rejects metadata', () => {
  test.each([
    [
      'of another issuer',
      answer({ ...metadata, issuer: 'https://other.example' }),
      /^.*\n.*issuer: does not match the issuer in its metadata/,
    ],
    [
      'with keys elsewhere',
      answer({ ...metadata, jwks_uri: elsewhere.origin + JWKS }),
      /jwks_uri on another origin/,
    ],
    [
      'with keys that are not a URL',
      answer({ ...metadata, jwks_uri: 5 }),
      /jwks_uri on another origin, or none/,
    ],
    [
      'with a feed elsewhere',
      answer({ ...metadata, revocation_feed_endpoint: elsewhere.origin + FEED }),
      /revocation feed on another origin/,
    ],
    [
      'without a feed',
      answer({ ...metadata, revocation_feed_endpoint: undefined }),
      /has no revocation feed/,
    ],
    ['that redirects', redirected, /responded with 307/],
    ['with an error status', answer({}, 500), /responded with 500/],
    ['that is not an object', answer([]), /does not match the issuer/],
    ['that is not JSON', page, /Cannot read/],
    ['that never ends', endless, /longer than 65536 bytes/],
    [
      'with a Content-Length that is too long',
      answer({}, 200, { 'Content-Length': '999999' }),
      /longer than 65536 bytes/,
    ],
  ])('%s', async (_, interference, reason) => {
    expect(await problemOf(METADATA, interference)).toMatch(reason)
  })

  test('that takes more than 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const requested = new Promise<void>((resolve) => {
      relay.interfere = () => (response) => void response.write(' ', () => resolve())
    })
    const guard = open()
    const ready = guard.ready().then(() => 'none', messagesOf)
    await requested
    vi.advanceTimersByTime(5_000)
    expect(await ready).toMatch(/No response in 5 seconds/)
    guard.close()
  })
})

test('createGuard lists all problems of its options', () => {
  const wrong = { issuer: 'http://id.example.com', audience: '', cacheSize: 0, scopes: ['a b'] }
  expect(() => open({ ...wrong, revocations: { clientId: '', clientSecret: '' } })).toThrow(
    /issuer: must use https[^]*audience[^]*scopes\[0\][^]*clientId[^]*clientSecret[^]*cacheSize/,
  )
  expect(() => createGuard({ issuer } as GuardOptions)).toThrow(/revocations: is required/)
  for (const scopes of ['orders:read', null, {}, [7]]) {
    const options = { issuer, revocations: 'none', scopes } as unknown as GuardOptions
    expect(() => createGuard(options), JSON.stringify(scopes)).toThrow(ConfigError)
  }
})

describe('a guard rejects a revocation feed', () => {
  const entry = { id: 1, kind: 'session', subject: 's', epoch: 0, expires_at: null }
  const pageOf = (entries: readonly unknown[], hasMore = false): Interference =>
    answer({ entries, has_more: hasMore })

  test.each([
    ['that redirects', redirected, /responded with 307/],
    ['that never ends', endless, /longer than 4194304 bytes/],
    ['that is not a page', answer({ entries: 'all' }), /not a page of revocations/],
    ['with an entry that is not a revocation', pageOf([{ id: 1 }]), /not a valid revocation/],
    ['with an invalid time', pageOf([{ ...entry, expires_at: 'never' }]), /not a valid revocation/],
    ['with an invalid sub', pageOf([{ ...entry, sub: 7 }]), /invalid sub/],
    ['with a kind of a later version', pageOf([{ ...entry, kind: 'planet' }]), /unknown kind/],
    ['with decreasing IDs', pageOf([{ ...entry, id: 2 }, entry]), /out of order/],
    ['that repeats itself', pageOf([entry], true), /out of order/],
    ['that is empty but promises more', pageOf([], true), /out of order/],
  ])('%s', async (_, interference, reason) => {
    expect(await problemOf(FEED, interference)).toMatch(reason)
  })
})

interface ForgedKey {
  readonly jwk: unknown
  /** A token in the issuer's name, signed with this key. */
  readonly token: string
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
const payload = genuine.split('.')[1] ?? ''

function tokenBy(alg: string, kid: string | undefined, signer: (input: Buffer) => Buffer): string {
  const input = `${encode({ alg, typ: 'at+jwt', kid })}.${payload}`
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`
}

interface ForgeOptions {
  readonly isPrivate?: boolean
  readonly jwk?: JsonWebKey
}

async function forgeKey(
  alg: 'ES256' | 'RS256',
  { publicKey, privateKey }: KeyPairKeyObjectResult,
  { isPrivate = false, jwk: changes = {} }: ForgeOptions = {},
): Promise<ForgedKey> {
  const plain = publicKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(plain)
  const jwk = { ...(isPrivate ? privateKey.export({ format: 'jwk' }) : plain), alg, kid, ...changes }
  return { jwk, token: tokenBy(alg, jwk['kid'], signerOf(privateKey)) }
}

const signerOf = (key: KeyObject) => (input: Buffer) =>
  sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })

const ec = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve })
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })

function symmetric(): ForgedKey {
  const secret = Buffer.alloc(32, 7)
  const jwk = { kty: 'oct', k: secret.toString('base64url'), alg: 'HS256', kid: 'symmetric' }
  const mac = (input: Buffer): Buffer => createHmac('sha256', secret).update(input).digest()
  return { jwk, token: tokenBy('HS256', 'symmetric', mac) }
}

/** RFC 8725 section 2.1: the public key, taken for the secret of a MAC. */
function confused(): ForgedKey {
  const pem = createPublicKey({ key: ownKey as JsonWebKey, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const mac = (input: Buffer): Buffer => createHmac('sha256', pem).update(input).digest()
  return { jwk: {}, token: tokenBy('HS256', ownKey?.kid, mac) }
}

describe('a guard ignores a published key', () => {
  const cases: readonly (readonly [string, () => ForgedKey | Promise<ForgedKey>])[] = [
    ['that is a private key', () => forgeKey('ES256', ec(), { isPrivate: true })],
    ['that is symmetric', symmetric],
    ['in favor of a MAC with our public key', confused],
    ['with RSA of 512 bits', () => forgeKey('RS256', rsa(512))],
    ['with RSA of 1024 bits', () => forgeKey('RS256', rsa(1024))],
    ['on another curve', () => forgeKey('ES256', ec('P-384'))],
    ['for encryption', () => forgeKey('ES256', ec(), { jwk: { use: 'enc' } })],
    ['that can only sign', () => forgeKey('ES256', ec(), { jwk: { key_ops: ['sign'] } })],
    ['without an algorithm', () => forgeKey('ES256', ec(), { jwk: { alg: undefined } })],
    ['with the algorithm of another kind of key', () => forgeKey('ES256', ec(), { jwk: { alg: 'RS256' } })],
    ['with the kid of another key', () => forgeKey('ES256', ec(), { jwk: { kid: ownKey?.kid } })],
    ['with a kid that is not its thumbprint', () => forgeKey('ES256', ec(), { jwk: { kid: 'latest' } })],
    ['that is not an object', () => ({ jwk: 'key', token: 'a.b.c' })],
  ]

  test.each(cases)('%s, and uses the valid one beside it', async (_, forge) => {
    const { jwk, token } = await forge()
    relay.interfere = (path) => (path === JWKS ? answer({ keys: [jwk, ownKey, jwk] }) : undefined)
    const guard = open()
    await guard.ready()
    expect(guard.health().keys).toBe(1)
    expect(await statusOf(guard, genuine)).toBe(200)
    expect(await statusOf(guard, token)).toBe(401)
    guard.close()
  })
})

test('a guard uses keys of several algorithms, and a repeated key once', async () => {
  const { jwk, token } = await forgeKey('RS256', rsa(2048))
  relay.interfere = (path) => (path === JWKS ? answer({ keys: [jwk, ownKey, jwk, ownKey] }) : undefined)
  const guard = open()
  await guard.ready()
  expect(guard.health().keys).toBe(2)
  expect([await statusOf(guard, token), await statusOf(guard, genuine)]).toEqual([200, 200])
  guard.close()
})

describe('a guard rejects a JWK Set', () => {
  test.each([
    ['without a list', answer({ keys: {} }), /not publish a JWK Set/],
    ['without keys', answer({ keys: [] }), /no usable key/],
    ['without usable keys', answer({ keys: [symmetric().jwk] }), /no usable key/],
    [
      'that is too long',
      answer({ keys: [ownKey], padding: ' '.repeat(300_000) }),
      /longer than 262144 bytes/,
    ],
    ['that redirects', redirected, /responded with 307/],
  ])('%s', async (_, interference, reason) => {
    expect(await problemOf(JWKS, interference)).toMatch(reason)
  })
})
