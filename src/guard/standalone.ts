import '../lib/node-version.ts'
import { createRevocationFeed, type RevocationFeed } from '../revocations/feed.ts'
import { discoverEndpoints } from './discovery.ts'
import { createBearerGuard, NO_REVOCATIONS } from './guard.ts'
import { createIssuerClient, type IssuerClient } from './issuer-client.ts'
import { resolveGuardOptions, type GuardOptions, type GuardSettings } from './options.ts'
import { createPublishedKeys, type PublishedKeys } from './published-keys.ts'
import { createRemoteRevocations } from './remote-revocations.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from './request-guards.ts'
export type { Auth, MachineAuth, UserAuth } from './auth.ts'
export type { RevocationFeedOptions, GuardOptions } from './options.ts'
export type {
  GuardCore,
  Guards,
  GuardsByProvider,
  RequestGuard,
  RequestGuards,
  Scopes,
} from './request-guards.ts'

/** The guard of a service beside the authorization server: with the issuer's public keys, and a memory. */
export interface Guard<Scope extends string = string, Main extends string = string>
  extends Guards<Scope, Main>, GuardsByProvider<Scope, string> {
  readonly issuer: string
  /**
   * Reads the keys and the revocations. The first request does it otherwise, and is answered 503 while it cannot be
   * done. Throws `ConfigError` where the issuer is another one or refuses the credential, and what `fetch` throws.
   */
  ready(): Promise<void>
  /** How it stands. The first call begins to read, and waits for nothing. */
  health(): GuardHealth
  /** Asks the issuer nothing more. */
  close(): void
}

/**
 * Makes a guard for another service than the one that the authorization server lives in. It reads the issuer's public
 * keys and follows its revocations over HTTP, in the background; a request asks nobody.
 *
 * When the issuer is gone it goes on with what it knows for `maxStaleness`. After that, and before it knows anything, it
 * tries once more and answers 503, until it recovers by itself.
 *
 * @throws ConfigError with every problem of the options at once
 */
export function createGuard<const Scope extends string = string, const Main extends string = 'users'>(
  options: GuardOptions<Scope, Main>,
): Guard<Scope, Main> {
  const settings = resolveGuardOptions(options)
  const client = createIssuerClient()
  const keys = createPublishedKeys(() => readKeys(settings.issuer, client), settings.logger)
  const feed = feedOf(settings, client)
  let hasBegun = false
  const begin = (): void => {
    if (hasBegun) return
    hasBegun = true
    keys.start()
    feed?.start()
  }
  const bearer = createBearerGuard({ ...settings, verifier: keys, revocations: feed ?? NO_REVOCATIONS })
  const check: GuardCore['check'] = (authorization, requirement) => {
    begin()
    return bearer.check(authorization, requirement)
  }
  const base = { check, scopes: options.scopes, logger: settings.logger }
  return {
    ...createGuards<Scope, Main>(base, settings.provider as Main),
    for: (provider) => createGuards(base, provider),
    issuer: settings.issuer,
    async ready() {
      begin()
      await keys.load()
      await feed?.sync()
    },
    health() {
      begin()
      return healthOf(keys, feed)
    },
    close() {
      hasBegun = true
      keys.close()
      feed?.close()
      client.close()
    },
  }
}

async function readKeys(issuer: string, client: IssuerClient): Promise<unknown> {
  const { keys: url } = await discoverEndpoints(issuer, client)
  const { status, body } = await client.get({ url, limit: LONGEST_KEYS })
  if (status !== 200) throw new Error(`${url} answered ${status}`)
  return body
}

const LONGEST_KEYS = 262_144

function feedOf(settings: GuardSettings, client: IssuerClient): RevocationFeed | undefined {
  const { revocations } = settings
  if (revocations === 'none') return undefined
  const locate = async (): Promise<string | undefined> =>
    (await discoverEndpoints(settings.issuer, client)).revocations
  const source = createRemoteRevocations(client, locate, revocations)
  return createRevocationFeed({ ...settings, ...revocations, source })
}

/** How a guard stands. */
export interface GuardHealth {
  /** Whether it could let anybody in at this moment. */
  readonly isReady: boolean
  /** How many keys of the issuer are trusted. */
  readonly keys: number
  readonly revocations: 'fresh' | 'stale' | 'none'
  /** Why something could not be read last; empty where all is well. */
  readonly problems: readonly string[]
}

/** How a guard with these keys stands; without a feed where it follows none on purpose. */
export function healthOf(
  keys: Pick<PublishedKeys, 'size' | 'problem'>,
  feed: Pick<RevocationFeed, 'isFresh' | 'problem'> | undefined,
): GuardHealth {
  const isFresh = feed?.isFresh() ?? true
  return {
    isReady: keys.size > 0 && isFresh,
    keys: keys.size,
    revocations: feed ? (isFresh ? 'fresh' : 'stale') : 'none',
    problems: [keys.problem, feed?.problem].filter((problem) => problem !== undefined),
  }
}
