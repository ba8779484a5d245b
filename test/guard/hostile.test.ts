import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { JsonWebKey, KeyObject, KeyPairKeyObjectResult } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { JWK } from 'jose'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
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
const { access_token: good } = await getTokens(server, machine, { grant_type: 'client_credentials' })
const metadata = (await (await fetch(server.origin + METADATA)).json()) as Record<string, unknown>
const [ours] = ((await (await fetch(server.origin + JWKS)).json()) as { keys: readonly JWK[] }).keys

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

const askWith = async (guard: Guard, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` }
  const outcome = await guard.machine()(new Request('http://api.example', { headers }))
  return outcome instanceof Response ? outcome.status : 200
}

/** Why a guard does not become ready, and that it lets nobody in meanwhile. */
async function refusalOf(path: string, interference: Interference): Promise<string> {
  relay.interfere = (asked) => (asked === path ? interference : undefined)
  const guard = open()
  const problem = await guard.ready().then(() => 'none', messagesOf)
  expect(await askWith(guard, good)).toBe(503)
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

const dripping: Interference = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 200)
  response.on('close', () => clearInterval(timer))
}

const redirected: Interference = (response, { url }) =>
  void response.writeHead(307, { Location: elsewhere.origin + url }).end()

describe('metadata is believed only where it can be', () => {
  test.each([
    [
      'of another issuer',
      answer({ ...metadata, issuer: 'https://other.example' }),
      /^.*\n.*issuer: has metadata that names another issuer/,
    ],
    [
      'with keys elsewhere',
      answer({ ...metadata, jwks_uri: elsewhere.origin + JWKS }),
      /without keys of its own origin/,
    ],
    ['with keys that are no address', answer({ ...metadata, jwks_uri: 5 }), /without keys of its own origin/],
    [
      'with a feed elsewhere',
      answer({ ...metadata, revocation_feed_endpoint: elsewhere.origin + FEED }),
      /feed is not of its own/,
    ],
    ['without a feed', answer({ ...metadata, revocation_feed_endpoint: undefined }), /has no feed/],
    ['that is a redirect', redirected, /answered 307/],
    ['that is an error', answer({}, 500), /answered 500/],
    ['that is no object', answer([]), /names another issuer/],
    ['that is no JSON', page, /gave no answer/],
    ['that does not end', endless, /longer than 65536 bytes/],
    ['that says how long it is', answer({}, 200, { 'Content-Length': '999999' }), /longer than 65536 bytes/],
    ['that takes its time', dripping, /No answer in 5 seconds/],
  ])('%s: nobody is let in, and no one else is asked', async (_, interference, reason) => {
    expect(await refusalOf(METADATA, interference)).toMatch(reason)
    expect(elsewhere.seen).toEqual([])
  })

  test('an issuer must be https, or not leave the machine; options are checked all at once', () => {
    const wrong = { issuer: 'http://id.example.com', audience: '', cacheSize: 0, scopes: ['a b'] }
    expect(() => open({ ...wrong, revocations: { clientId: '', clientSecret: '' } })).toThrow(
      /issuer: must use https[^]*audience[^]*scopes\[0\][^]*clientId[^]*clientSecret[^]*cacheSize/,
    )
    expect(() => createGuard({ issuer } as GuardOptions)).toThrow(/revocations: is missing/)
    for (const scopes of ['orders:read', null, {}, [7]]) {
      const options = { issuer, revocations: 'none', scopes } as unknown as GuardOptions
      expect(() => createGuard(options), JSON.stringify(scopes)).toThrow(ConfigError)
    }
  })
})

describe('the feed is believed only where it can be', () => {
  const entry = { id: 1, kind: 'session', subject: 's', epoch: 0, expires_at: null }
  const pageOf = (entries: readonly unknown[], hasMore = false): Interference =>
    answer({ entries, has_more: hasMore })

  test.each([
    ['is a redirect', redirected, /answered 307/],
    ['does not end', endless, /longer than 4194304 bytes/],
    ['is no page', answer({ entries: 'all' }), /no page of revocations/],
    ['holds what is no entry', pageOf([{ id: 1 }]), /no revocation/],
    ['holds a time that is none', pageOf([{ ...entry, expires_at: 'never' }]), /no revocation/],
    ['holds a kind from a later version', pageOf([{ ...entry, kind: 'planet' }]), /does not know/],
    ['goes backward', pageOf([{ ...entry, id: 2 }, entry]), /out of order/],
    ['begins again for ever', pageOf([entry], true), /out of order/],
    ['promises more for ever', pageOf([], true), /out of order/],
  ])('where it %s, nobody is let in', async (_, interference, reason) => {
    expect(await refusalOf(FEED, interference)).toMatch(reason)
    expect(elsewhere.seen).toEqual([])
  })
})

interface Forger {
  readonly jwk: unknown
  /** A token of the issuer's that this key signed. */
  readonly token: string
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
const payload = good.split('.')[1] ?? ''

function tokenBy(alg: string, kid: string | undefined, signer: (input: Buffer) => Buffer): string {
  const input = `${encode({ alg, typ: 'at+jwt', kid })}.${payload}`
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`
}

interface ForgerOptions {
  readonly isPrivate?: boolean
  readonly jwk?: JsonWebKey
}

async function forger(
  alg: 'ES256' | 'RS256',
  { publicKey, privateKey }: KeyPairKeyObjectResult,
  { isPrivate = false, jwk: changes = {} }: ForgerOptions = {},
): Promise<Forger> {
  const plain = publicKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(plain)
  const jwk = { ...(isPrivate ? privateKey.export({ format: 'jwk' }) : plain), alg, kid, ...changes }
  return { jwk, token: tokenBy(alg, jwk['kid'], signerOf(privateKey)) }
}

const signerOf = (key: KeyObject) => (input: Buffer) =>
  sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })

const ec = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve })
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })

function symmetric(): Forger {
  const secret = Buffer.alloc(32, 7)
  const jwk = { kty: 'oct', k: secret.toString('base64url'), alg: 'HS256', kid: 'symmetric' }
  const mac = (input: Buffer): Buffer => createHmac('sha256', secret).update(input).digest()
  return { jwk, token: tokenBy('HS256', 'symmetric', mac) }
}

/** RFC 8725 section 2.1: the public key, taken for the secret of a MAC. */
function confused(): Forger {
  const pem = createPublicKey({ key: ours as JsonWebKey, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const mac = (input: Buffer): Buffer => createHmac('sha256', pem).update(input).digest()
  return { jwk: {}, token: tokenBy('HS256', ours?.kid, mac) }
}

describe('a key is trusted only where it is public, strong and its own', () => {
  const cases: readonly (readonly [string, () => Forger | Promise<Forger>])[] = [
    ['a private key that was published', () => forger('ES256', ec(), { isPrivate: true })],
    ['a symmetric key', symmetric],
    ['our public key as the secret of a MAC', confused],
    ['RSA with 512 bits', () => forger('RS256', rsa(512))],
    ['RSA with 1024 bits', () => forger('RS256', rsa(1024))],
    ['another curve', () => forger('ES256', ec('P-384'))],
    ['a key for encryption', () => forger('ES256', ec(), { jwk: { use: 'enc' } })],
    ['a key that may only sign', () => forger('ES256', ec(), { jwk: { key_ops: ['sign'] } })],
    ['a key without an algorithm', () => forger('ES256', ec(), { jwk: { alg: undefined } })],
    ['a key with an algorithm that is not its own', () => forger('ES256', ec(), { jwk: { alg: 'RS256' } })],
    ["a second key under the first one's kid", () => forger('ES256', ec(), { jwk: { kid: ours?.kid } })],
    ['a key under a kid of its choice', () => forger('ES256', ec(), { jwk: { kid: 'latest' } })],
    ['no object', () => ({ jwk: 'key', token: 'a.b.c' })],
  ]

  test.each(cases)('%s is left out, and the good one beside it is used', async (_, make) => {
    const { jwk, token } = await make()
    relay.interfere = (path) => (path === JWKS ? answer({ keys: [jwk, ours, jwk] }) : undefined)
    const guard = open()
    await guard.ready()
    expect(guard.health().keys).toBe(1)
    expect(await askWith(guard, good)).toBe(200)
    expect(await askWith(guard, token)).toBe(401)
    guard.close()
  })

  test('a good key of another algorithm is used, and a key that comes twice is one', async () => {
    const { jwk, token } = await forger('RS256', rsa(2048))
    relay.interfere = (path) => (path === JWKS ? answer({ keys: [jwk, ours, jwk, ours] }) : undefined)
    const guard = open()
    await guard.ready()
    expect(guard.health().keys).toBe(2)
    expect([await askWith(guard, token), await askWith(guard, good)]).toEqual([200, 200])
    guard.close()
  })

  test.each([
    ['no list', answer({ keys: {} }), /no JWK set/],
    ['nothing in it', answer({ keys: [] }), /no key that can be used/],
    ['only what cannot be used', answer({ keys: [symmetric().jwk] }), /no key that can be used/],
    ['too much in it', answer({ keys: [ours], padding: ' '.repeat(300_000) }), /longer than 262144 bytes/],
    ['a redirect', redirected, /answered 307/],
  ])('a set with %s lets nobody in', async (_, interference, reason) => {
    expect(await refusalOf(JWKS, interference)).toMatch(reason)
    expect(elsewhere.seen).toEqual([])
  })
})
