import { describe, expect, test } from 'vitest'
import { createKeySet } from '../../src/keys/key-set.ts'
import { openBrowser } from '../support/browser.ts'
import { getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { createSecrets, testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { ServerOptions, TestServer } from '../support/server.ts'
import { cut, openRelay } from './relay.ts'
import type { Relay } from './relay.ts'
import type { ServiceOrder } from './service.ts'
import { startService, timeUntil } from './start-service.ts'
import type { Service } from './start-service.ts'

const [METADATA, JWKS, FEED] = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/oauth/revocations',
]

/** A server, the way to it, and a service in another process that knows it by that way. */
interface Scene {
  readonly server: TestServer
  readonly relay: Relay
  readonly service: Service
  /** A token of a machine, as an `Authorization` header. */
  readonly header: string
  [Symbol.asyncDispose](): Promise<void>
}

interface SceneOptions {
  readonly server?: ServerOptions
  readonly follow?: Partial<Exclude<ServiceOrder['revocations'], 'none'>>
  readonly isCut?: boolean
}

async function openScene({ server: config, follow, isCut = false }: SceneOptions = {}): Promise<Scene> {
  const relay = await openRelay()
  const server = await startServer({ issuer: relay.origin, ...config })
  relay.target = server.origin
  if (isCut) relay.interfere = () => cut
  const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
  const credentials = { clientId: follower.id, clientSecret: follower.secret ?? '' }
  const service = await startService({
    issuer: relay.origin,
    revocations: { ...credentials, pollInterval: '1s', maxStaleness: '2s', ...follow },
  })
  return {
    server,
    relay,
    service,
    header: await machineHeader(server),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await server.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

async function machineHeader(server: TestServer): Promise<string> {
  const machine = await server.addClient({ grantTypes: ['client_credentials'] })
  return `Bearer ${(await getTokens(server, machine, { grant_type: 'client_credentials' })).access_token}`
}

test('the process has neither a store nor a database driver in it, nor anything that makes tokens', async () => {
  await using scene = await openScene()
  expect((await scene.service.get('/machine', scene.header)).status).toBe(200)
  const { files, builtIn } = await scene.service.ask('modules')
  const ours = files.flatMap((url) => /\/src\/(.*)/.exec(url)?.[1] ?? [])
  expect(ours).toContain('guard/standalone.ts')
  expect(ours).toContain('adapters/node.ts')
  const forbidden = /^(store|grants|pages|issuance|sessions|endpoints|config|users|clients|server|index)\b/
  expect(ours.filter((path) => forbidden.test(path))).toEqual([])
  expect(files.filter((url) => /node_modules\/(kysely|pg|mysql2)\//.test(url))).toEqual([])
  expect(builtIn.filter((name) => name.includes('sqlite'))).toEqual([])
})

describe('a sign-out', () => {
  test('is effective in the other service within a second and a request', async () => {
    await using scene = await openScene()
    const { relay, service } = scene
    const server = {
      ...scene.server,
      origin: relay.origin,
      endpoint: (path: string) => relay.origin + path,
    }
    const browser = openBrowser(server)
    const visit = { server, browser, client: await server.addClient(), user: await server.addUser() }
    const elsewhere = { ...visit, browser: openBrowser(server) }
    const header = `Bearer ${(await getCodeFlowTokens(visit)).access_token}`
    const other = `Bearer ${(await getCodeFlowTokens(elsewhere)).access_token}`
    expect((await service.get('/me', header)).status).toBe(200)
    await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    expect(await timeUntil(401, () => service.get('/me', header))).toBeLessThan(3_000)
    expect((await service.get('/me', header)).body['error_description']).toBe('Token revoked')
    expect((await service.get('/me', other)).status).toBe(200)
    await server.server.users.signOutEverywhere(visit.user.id)
    expect(await timeUntil(401, () => service.get('/me', other))).toBeLessThan(3_000)
  })

  test('from before the service was started is known to it, however many there were', async () => {
    const relay = await openRelay()
    await using server = await startServer({ issuer: relay.origin })
    relay.target = server.origin
    const header = await machineHeader(server)
    const expiresAt = server.clock.now() + 900_000
    const revoke = (tokenId: string) => server.server.tokens.revoke({ tokenId, expiresAt })
    await revoke(jtiOf(header))
    for (let count = 0; count < 2_100; count += 1) await revoke(`other ${count}`)
    const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
    await using service = await startService({
      issuer: relay.origin,
      revocations: { clientId: follower.id, clientSecret: follower.secret ?? '' },
    })
    expect((await service.get('/machine', header)).body['error_description']).toBe('Token revoked')
    expect(relay.count(FEED)).toBe(3)
    await relay[Symbol.asyncDispose]()
  })

  test('is not looked for where the service says none on purpose', async () => {
    await using server = await startServer()
    await using service = await startService({ issuer: server.issuer, revocations: 'none' })
    const header = await machineHeader(server)
    await server.server.tokens.revoke({ tokenId: jtiOf(header), expiresAt: Date.now() + 900_000 })
    expect((await service.get('/machine', header)).status).toBe(200)
    expect(await service.ask('health')).toEqual({ isReady: true, keys: 1, revocations: 'none', problems: [] })
  })
})

const jtiOf = (header: string): string =>
  (JSON.parse(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti

describe('when the issuer changes its key', () => {
  test('tokens of the new key are let in, and those of a key that is gone no more', async () => {
    await using scene = await openScene()
    const { server, relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    const secrets = { signingKeys: createSecrets().signingKeys, secrets: testSecrets.secrets }
    await using next = await startServer({ issuer: relay.origin, file: server.file, secrets })
    relay.target = next.origin
    expect((await service.get('/machine', await machineHeader(next))).status).toBe(200)
    expect((await service.get('/machine', header)).body['error_description']).toBe('Invalid token')
    expect((await service.ask('health')).keys).toBe(1)
  })

  test('a flood of unknown keys costs the issuer a request in three seconds', async () => {
    await using scene = await openScene()
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    const before = relay.count(JWKS)
    const flood = Array.from({ length: 100 }, async () => {
      const keys = await createKeySet(createSecrets())
      return (await service.get('/machine', `Bearer ${keys.sign('at+jwt', { iss: relay.origin })}`)).status
    })
    expect(new Set(await Promise.all(flood))).toEqual(new Set([401]))
    expect(relay.count(JWKS) - before).toBeLessThanOrEqual(2)
  })
})

describe('when the issuer is gone', () => {
  test('the service goes on for maxStaleness, then answers 503, and recovers by itself', async () => {
    await using scene = await openScene({ follow: { maxStaleness: '4s' } })
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    relay.interfere = () => cut
    expect((await service.get('/machine', header)).status).toBe(200)
    expect(await timeUntil(503, () => service.get('/machine', header))).toBeGreaterThan(2_000)
    const refused = await service.get('/machine', header)
    expect([refused.status, refused.retryAfter]).toEqual([503, '1'])
    expect(refused.body['error']).toBe('temporarily_unavailable')
    expect((await service.get('/machine')).status).toBe(401)
    const { isReady, revocations, problems } = await service.ask('health')
    expect([isReady, revocations, problems.length]).toEqual([false, 'stale', 1])
    relay.interfere = () => undefined
    expect(await timeUntil(200, () => service.get('/machine', header))).toBeLessThan(2_000)
    expect((await service.ask('logs')).filter((line) => line.includes('again'))).toHaveLength(1)
  })

  test('a feed that is gone is enough for 503, while the keys go on', async () => {
    await using scene = await openScene()
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    relay.interfere = (path) => (path === FEED ? cut : undefined)
    await timeUntil(503, () => service.get('/machine', header))
    expect(await service.ask('health')).toMatchObject({ isReady: false, keys: 1, revocations: 'stale' })
  })

  test('many requests that wait for the feed ask for it twice a second at the most', async () => {
    await using scene = await openScene()
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    relay.interfere = () => cut
    await timeUntil(503, () => service.get('/machine', header))
    const [before, begin] = [relay.seen.length, performance.now()]
    for (let count = 0; count < 10; count += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => service.get('/machine', header)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
    }
    // Twice a second for the feed, every other second for the keys, and what was under way.
    const most = ((performance.now() - begin) / 1000) * 2.5 + 3
    expect(relay.seen.length - before).toBeLessThanOrEqual(most)
  })

  test('a token whose key is not known may be good: 503, never 401', async () => {
    await using scene = await openScene({ follow: { maxStaleness: '30s' } })
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(200)
    relay.interfere = () => cut
    const keys = await createKeySet(createSecrets())
    const fresh = `Bearer ${keys.sign('at+jwt', { iss: relay.origin })}`
    expect((await service.get('/machine', fresh)).status).toBe(503)
    expect((await service.get('/machine', header)).status).toBe(200)
  })

  test('at the start: 503 instead of a crash, and a good answer once it is there', async () => {
    await using scene = await openScene({ isCut: true })
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(503)
    expect(await service.ask('ready')).toContain('gave no answer that can be read')
    expect((await service.ask('logs')).join('\n')).toContain('Issuer keys are unreachable')
    relay.interfere = () => undefined
    expect(await timeUntil(200, () => service.get('/machine', header))).toBeLessThan(5_000)
  })
})

describe('a credential that is not accepted', () => {
  test('makes ready() fail by name, every answer 503, and the issuer is not asked again and again', async () => {
    await using scene = await openScene({ follow: { clientSecret: 'wrong' } })
    const { relay, service, header } = scene
    expect((await service.get('/machine', header)).status).toBe(503)
    expect(await service.ask('ready')).toMatch(
      /ConfigError.*\n.*revocations\.clientSecret: is not the client's/,
    )
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect((await service.get('/machine', header)).status).toBe(503)
    expect(relay.count(FEED)).toBe(1)
    const lines = (await service.ask('logs')).filter((line) => line.includes('clientSecret'))
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain('wrong')
  })

  test('of a client that may not follow revocations says so', async () => {
    const relay = await openRelay()
    await using server = await startServer({ issuer: relay.origin })
    relay.target = server.origin
    const { id, secret = '' } = await server.addClient({ grantTypes: ['client_credentials'] })
    await using service = await startService({
      issuer: relay.origin,
      revocations: { clientId: id, clientSecret: secret },
    })
    expect(await service.ask('ready')).toMatch(/revocations\.clientId: may not follow revocations/)
    expect([...new Set(relay.seen)]).toEqual([METADATA, JWKS, FEED])
    await relay[Symbol.asyncDispose]()
  })
})
