import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Guard, RevocationFeedOptions } from '../../src/guard/standalone.ts'
import { jsonLogger } from '../../src/index.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { createBroadcastHub } from '../support/broadcast-hub.ts'
import { openBrowser } from '../support/browser.ts'
import { claimOf, getCodeFlowTokens, getTokens } from '../support/oauth-client.ts'
import { createSecrets, testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { ServerOptions, TestServer } from '../support/server.ts'
import { answer, cut, openRelay } from './relay.ts'
import { startService } from './start-service.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const JWKS = '/.well-known/jwks.json'
const FEED = '/oauth/revocations'

const relay = await openRelay()
/**
 * The servers do nothing by themselves: while a test has a clock of its own, they would compare times of different clocks,
 * and wait for hours.
 */
const passive: ServerOptions = {
  issuer: relay.origin,
  broadcast: createBroadcastHub(),
  revocations: { pollInterval: '1h', maxStaleness: '2h' },
}
const server = await startServer(passive)
const follower = await server.addClient({ followsRevocations: true, redirectUris: [] })
const credentials = { clientId: follower.id, clientSecret: follower.secret ?? '' }
const token = await machineToken(server)
/** The same server, restarted with another signing key. */
const successor = await startServer({
  ...passive,
  file: server.file,
  secrets: { signingKeys: createSecrets().signingKeys, secrets: testSecrets.secrets },
})
const tokenOfNextKey = await machineToken(successor)
afterAll(async () => {
  await successor.close()
  await server.close()
  await relay[Symbol.asyncDispose]()
})

async function machineToken(on: TestServer): Promise<string> {
  const machine = await on.addClient({ grantTypes: ['client_credentials'] })
  return (await getTokens(on, machine, { grant_type: 'client_credentials' })).access_token
}

const revoke = (revoked: string): Promise<unknown> =>
  server.server.tokens.revoke({ tokenId: claimOf(revoked, 'jti'), expiresAt: Date.now() + 900_000 })

interface Result {
  readonly status: number
  readonly retryAfter?: string | null
  readonly error?: unknown
}

async function check(guard: Guard, text: string | undefined = token): Promise<Result> {
  const headers = text === '' ? {} : { authorization: `Bearer ${text}` }
  const result = await guard.machine()(new Request('https://api.example', { headers }))
  if (!(result instanceof Response)) return { status: 200 }
  const body = (await result.json()) as Record<string, unknown>
  return {
    status: result.status,
    retryAfter: result.headers.get('retry-after'),
    error: body['error_description'],
  }
}

const statusOf = async (guard: Guard, text?: string): Promise<number> => (await check(guard, text)).status

describe('a service in another process', () => {
  test('loads no store, no database driver and nothing that issues tokens', async () => {
    relay.target = server.origin
    await using service = await startService({ issuer: relay.origin, revocations: credentials })
    expect((await service.get('/machine', `Bearer ${token}`)).status).toBe(200)
    const { files, builtIn } = await service.ask('modules')
    const ours = files.flatMap((url) => /\/src\/(.*)/.exec(url)?.[1] ?? [])
    expect(ours).toContain('guard/standalone.ts')
    expect(ours).toContain('adapters/node.ts')
    const forbidden = /^(store|grants|pages|issuance|sessions|endpoints|config|users|clients|server|index)\b/
    expect(ours.filter((path) => forbidden.test(path))).toEqual([])
    expect(files.filter((url) => /node_modules\/(kysely|pg|mysql2)\//.test(url))).toEqual([])
    expect(builtIn.filter((name) => name.includes('sqlite'))).toEqual([])
  })

  test('rejects the tokens of a session after a sign-out, and of a user after a sign-out everywhere', async () => {
    relay.target = server.origin
    const through = { ...server, origin: relay.origin, endpoint: (path: string) => relay.origin + path }
    await using service = await startService({
      issuer: relay.origin,
      revocations: { ...credentials, pollInterval: '100ms' },
    })
    const browser = openBrowser(through)
    const flow = { server: through, browser, client: await server.addClient(), user: await server.addUser() }
    const onThisDevice = `Bearer ${(await getCodeFlowTokens(flow)).access_token}`
    const onAnother = `Bearer ${(await getCodeFlowTokens({ ...flow, browser: openBrowser(through) })).access_token}`
    const errors = async (): Promise<readonly unknown[]> =>
      Promise.all(
        [onThisDevice, onAnother].map(
          async (header) => (await service.get('/me', header)).body['error_description'],
        ),
      )
    expect(await errors()).toEqual([undefined, undefined])
    await browser.press(await browser.open(through.endpoint('/logout')), 'Sign out')
    await expect.poll(errors).toEqual(['Token revoked', undefined])
    await server.server.users.signOutEverywhere(flow.user.id)
    await expect.poll(errors).toEqual(['Token revoked', 'Token revoked'])
  })
})

/*
 * The clock of these guards stands still, unless a test moves it. So a test knows exactly which requests to the issuer are
 * due, however slow the machine is.
 */
describe('with a stopped clock', () => {
  beforeEach(() => {
    relay.target = server.origin
    relay.interfere = () => undefined
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
    })
  })
  afterEach(() => void vi.useRealTimers())

  interface OpenGuard {
    readonly guard: Guard
    readonly logs: readonly string[]
    /** Moves the clock, and waits for the requests that were due. */
    advance(milliseconds: number): Promise<void>
  }

  function openGuard(options: Partial<RevocationFeedOptions> = {}): OpenGuard {
    const logs: string[] = []
    const guard = createGuard({
      issuer: relay.origin,
      revocations: { ...credentials, pollInterval: '1s', maxStaleness: '10s', ...options },
      logger: jsonLogger({ write: (line) => void logs.push(line) }),
    })
    onTestFinished(guard.close)
    return {
      guard,
      logs,
      async advance(milliseconds) {
        vi.advanceTimersByTime(milliseconds)
        await guard.ready().catch(() => {})
      },
    }
  }

  describe('revocations', () => {
    test('take effect with the next poll', async () => {
      const { guard, advance } = openGuard()
      const mine = await machineToken(server)
      expect(await statusOf(guard, mine)).toBe(200)
      await revoke(mine)
      vi.advanceTimersByTime(999)
      expect(await statusOf(guard, mine)).toBe(200)
      await advance(1)
      expect((await check(guard, mine)).error).toBe('Token revoked')
    })

    test('from before the start are all read, page by page', async () => {
      const entries = [1, 2, 3].map((id) => ({
        id,
        kind: 'token',
        subject: id === 3 ? claimOf(token, 'jti') : `other ${id}`,
        epoch: 0,
        expires_at: null,
      }))
      relay.interfere = (path, url) => {
        if (path !== FEED) return undefined
        const after = Number(url.searchParams.get('after'))
        return answer({ entries: entries.slice(after, after + 1), has_more: after < 2 })
      }
      const { guard } = openGuard()
      const before = relay.count(FEED)
      expect((await check(guard)).error).toBe('Token revoked')
      expect(relay.count(FEED) - before).toBe(3)
    })

    test('are ignored if the service opts out', async () => {
      const mine = await machineToken(server)
      const guard = createGuard({ issuer: relay.origin, revocations: 'none' })
      onTestFinished(guard.close)
      await revoke(mine)
      expect(await statusOf(guard, mine)).toBe(200)
      expect(guard.health()).toEqual({
        isReady: true,
        keys: 1,
        broadcast: 'none',
        revocations: 'none',
        problems: [],
      })
    })
  })

  describe('keys', () => {
    const tokenOfUnknownKey = async (): Promise<string> =>
      (await createKeySet(createSecrets())).sign('at+jwt', { iss: relay.origin })

    test('that are new are loaded for their first token, and withdrawn ones are no longer trusted', async () => {
      const { guard } = openGuard()
      await guard.ready()
      expect(await statusOf(guard)).toBe(200)
      relay.target = successor.origin
      expect(await statusOf(guard, tokenOfNextKey)).toBe(200)
      const withdrawn = check(guard)
      vi.advanceTimersByTime(3_000)
      expect((await withdrawn).error).toBe('Invalid token')
      expect(guard.health().keys).toBe(1)
    })

    test('that are unknown cause one request in three seconds, and at most 100 tokens wait for it', async () => {
      const { guard, advance } = openGuard()
      await guard.ready()
      const before = relay.count(JWKS)
      const tokens = await Promise.all(Array.from({ length: 101 }, tokenOfUnknownKey))
      const first = await Promise.all(tokens.map((unknown) => statusOf(guard, unknown)))
      expect(first.filter((status) => status === 401)).toHaveLength(100)
      expect(first.filter((status) => status === 503)).toHaveLength(1)
      expect(relay.count(JWKS) - before).toBe(1)

      const second = Promise.all(tokens.slice(0, 50).map((unknown) => statusOf(guard, unknown)))
      vi.advanceTimersByTime(2_999)
      expect(relay.count(JWKS) - before).toBe(1)
      vi.advanceTimersByTime(1)
      expect(new Set(await second)).toEqual(new Set([401]))
      expect(relay.count(JWKS) - before).toBe(2)
      await advance(0)
    })

    test('that are unknown while the issuer is unreachable give 503, because the token may be valid', async () => {
      const { guard } = openGuard()
      await guard.ready()
      expect(await statusOf(guard)).toBe(200)
      relay.interfere = () => cut
      expect(await statusOf(guard, await tokenOfUnknownKey())).toBe(503)
      expect(await statusOf(guard)).toBe(200)
    })
  })

  describe('an unreachable issuer', () => {
    test('does not matter for maxStaleness, then gives 503 until it is back', async () => {
      const { guard, logs, advance } = openGuard({ maxStaleness: '4s' })
      await guard.ready()
      relay.interfere = () => cut
      for (let second = 0; second < 4; second += 1) await advance(1_000)
      expect(await statusOf(guard)).toBe(200)
      expect(guard.health()).toMatchObject({ isReady: true, revocations: 'fresh' })
      await advance(1_000)
      expect(await check(guard)).toEqual({ status: 503, retryAfter: '1', error: 'Try again in a moment' })
      expect(await statusOf(guard, '')).toBe(401)
      const { isReady, keys, revocations, problems } = guard.health()
      expect([isReady, keys, revocations, problems.length]).toEqual([false, 1, 'stale', 2])
      relay.interfere = () => undefined
      await advance(1_000)
      expect(await statusOf(guard)).toBe(200)
      expect(guard.health()).toEqual({
        isReady: true,
        keys: 1,
        broadcast: 'none',
        revocations: 'fresh',
        problems: [],
      })
      expect(logs.filter((line) => line.includes('Revocation feed is reachable again'))).toHaveLength(1)
    })

    test('gives 503 if only its feed is unreachable', async () => {
      const { guard, advance } = openGuard({ maxStaleness: '2s' })
      await guard.ready()
      relay.interfere = (path) => (path === FEED ? cut : undefined)
      for (let second = 0; second < 3; second += 1) await advance(1_000)
      expect(await statusOf(guard)).toBe(503)
      expect(guard.health()).toMatchObject({ isReady: false, keys: 1, revocations: 'stale' })
    })

    test('is asked for its feed once in half a second, however many requests wait', async () => {
      const { guard } = openGuard({ pollInterval: '1h', maxStaleness: '2h' })
      await guard.ready()
      relay.interfere = () => cut
      const loadOf = async (): Promise<number> => {
        const before = relay.seen.length
        for (let round = 0; round < 5; round += 1) {
          const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(guard)))
          expect(new Set(statuses)).toEqual(new Set([503]))
        }
        return relay.seen.length - before
      }
      vi.advanceTimersByTime(3 * 3_600_000)
      await expect.poll(() => guard.health().problems.length).toBe(2)
      vi.advanceTimersByTime(500)
      const loads = [await loadOf()]
      vi.advanceTimersByTime(499)
      loads.push(await loadOf())
      vi.advanceTimersByTime(1)
      loads.push(await loadOf())
      expect(loads).toEqual([1, 0, 1])
    })

    test('at the start gives 503 instead of a crash, until it is back', async () => {
      relay.interfere = () => cut
      const { guard, logs, advance } = openGuard()
      expect(await statusOf(guard)).toBe(503)
      await expect(guard.ready()).rejects.toThrow(`Cannot read ${relay.origin}${METADATA}`)
      expect(logs.join('\n')).toContain('Issuer keys are unreachable')
      relay.interfere = () => undefined
      await advance(2_000)
      expect(await statusOf(guard)).toBe(200)
    })
  })

  describe('rejected credentials', () => {
    test('make ready() fail and every request 503, and are not sent again for 30 seconds', async () => {
      const { guard, logs, advance } = openGuard({ clientSecret: 'wrong' })
      const before = relay.count(FEED)
      await expect(guard.ready()).rejects.toThrow(/revocations\.clientSecret: was rejected by .* \(401\)/)
      for (let second = 0; second < 29; second += 1) await advance(1_000)
      expect(await statusOf(guard)).toBe(503)
      expect(relay.count(FEED) - before).toBe(1)
      await advance(1_000)
      expect(relay.count(FEED) - before).toBe(2)
      expect(logs.filter((line) => line.includes('clientSecret'))).toHaveLength(1)
      expect(logs.join()).not.toContain('wrong')
    })

    test('of a client without followsRevocations say so', async () => {
      const { id, secret = '' } = await server.addClient({ grantTypes: ['client_credentials'] })
      const { guard } = openGuard({ clientId: id, clientSecret: secret })
      await expect(guard.ready()).rejects.toThrow(
        /revocations\.clientId: cannot read revocations at .* \(403\)/,
      )
    })
  })
})
