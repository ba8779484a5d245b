import '../lib/node-version.ts'
import type { AnyClaims } from './auth.ts'
import type { BroadcastListener } from '../broadcast/broadcast.ts'
import { createRevocationFeed, type RevocationFeed } from '../revocations/feed.ts'
import { discoverEndpoints } from './discovery.ts'
import { describeResource, type ResourceMetadata } from '../model/resource.ts'
import { createAudiences } from './audiences.ts'
import { createBearerGuard } from './guard.ts'
import { createRequestCheck } from './request-check.ts'
import { NO_REVOCATIONS } from './token.ts'
import { createIssuerClient, type IssuerClient } from './issuer-client.ts'
import { resolveGuardOptions, type GuardOptions, type GuardSettings } from './options.ts'
import { pollOnMessages } from './poll-on-messages.ts'
import { createPublishedKeys, type PublishedKeys } from './published-keys.ts'
import { createRemoteRevocations } from './remote-revocations.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from './request-guards.ts'

export type { AnyClaims, Auth, MachineAuth, UserAuth } from './auth.ts'
export type { ResourceMetadata } from '../model/resource.ts'
export type { RevocationFeedOptions, GuardOptions } from './options.ts'
export type { ResourceMetadataOptions } from './resources.ts'
export type {
  GuardCore,
  Guards,
  GuardsByProvider,
  RequestGuard,
  RequestGuards,
  Scopes,
} from './request-guards.ts'

/** A guard for a service that runs apart from the authorization server. */
export interface Guard<
  Scope extends string = string,
  Main extends string = string,
  Claims extends object = AnyClaims,
>
  extends Guards<Scope, Main, Claims>, GuardsByProvider<Scope, string, Claims> {
  readonly issuer: string
  /**
   * Returns the metadata of the guard's (first) audience (RFC 9728 section 2). Serve it as JSON at
   * `/.well-known/oauth-protected-resource`, followed by the path of the audience, with `Access-Control-Allow-Origin: *`.
   */
  resourceMetadata(): ResourceMetadata
  /**
   * Loads the keys and revocations of the issuer. Without it, the first request does. Until that succeeds, requests get
   * 503. Throws `ConfigError` if the issuer has another name or rejects the credentials, and the errors of `fetch`.
   */
  ready(): Promise<void>
  /** Returns the current state. The first call starts loading, without waiting for it. */
  health(): GuardHealth
  /** Stops all requests to the issuer. */
  close(): void
}

/** The state of a guard. */
export interface GuardHealth {
  /** True if the guard can accept tokens now. */
  readonly isReady: boolean
  /** The number of trusted keys of the issuer. */
  readonly keys: number
  readonly revocations: 'fresh' | 'stale' | 'none'
  /** Whether it polls as soon as a revocation is announced. Does not affect `isReady`. `none` without `broadcast`. */
  readonly broadcast: 'connected' | 'disconnected' | 'none'
  /** Why the last attempt to load keys or revocations failed. Empty if both succeeded. */
  readonly problems: readonly string[]
}

/**
 * Creates a guard for a service that runs apart from the authorization server. It loads the issuer's public keys and
 * follows its revocations over HTTP, in the background. Checking a token makes no request.
 *
 * If the issuer is unreachable, the guard keeps working for `maxStaleness`. After that, and before the first load, it
 * tries once per request and responds with 503 until the issuer is back.
 *
 * The types of claims that the server adds are a type parameter:
 * `createGuard<'orders:read', 'users', { tenant: string }>({ … })`.
 *
 * @throws ConfigError with all problems of the options
 */
export function createGuard<
  const Scope extends string = string,
  const Main extends string = 'users',
  Claims extends object = AnyClaims,
>(options: GuardOptions<Scope, Main>): Guard<Scope, Main, Claims> {
  const settings = resolveGuardOptions(options)
  const client = createIssuerClient()
  const keys = createPublishedKeys(() => fetchKeys(settings.issuer, client), settings.logger)
  const feed = createFeed(settings, client)
  let listener: BroadcastListener | undefined
  let hasStarted = false
  const start = (): void => {
    if (hasStarted) return
    hasStarted = true
    keys.start()
    feed?.start()
    if (feed) listener = listen(settings, feed)
  }
  const uris = settings.resources.map(({ uri }) => uri)
  const bearer = createBearerGuard({
    ...settings,
    audiences: uris,
    defaultAudiences: uris,
    verifier: keys,
    revocations: feed ?? NO_REVOCATIONS,
    scopes: settings,
  })
  const checkRequest = createRequestCheck(bearer)
  const check: GuardCore['check'] = (request, requirement) => {
    start()
    return checkRequest(request, requirement)
  }
  const audiences = createAudiences({
    resources: settings.resources,
    metadataUrlOf: (uri) => (uri === uris[0] ? settings.metadataUrl : undefined),
  })
  const base = { ...settings, check, scopes: options.scopes, canBeStrict: false, audiences }
  return {
    ...createGuards<Scope, Main, Claims>(base, settings.provider as Main),
    for: (provider) => createGuards(base, provider),
    issuer: settings.issuer,
    resourceMetadata: () => metadataOf(settings),
    async ready() {
      start()
      await keys.load()
      await feed?.sync()
    },
    health() {
      start()
      return healthOf(keys, feed, listener)
    },
    close() {
      hasStarted = true
      keys.close()
      feed?.close()
      listener?.close()
      client.close()
    },
  }
}

function metadataOf({ issuer, resources: [resource] }: GuardSettings): ResourceMetadata {
  const { uri = issuer, name, scopes } = resource ?? {}
  return describeResource({ uri, name, scopes }, { issuer })
}

/** In bytes. */
const MAX_JWKS_LENGTH = 262_144

async function fetchKeys(issuer: string, client: IssuerClient): Promise<unknown> {
  const { keys: url } = await discoverEndpoints(issuer, client)
  const { status, body } = await client.get({ url, limit: MAX_JWKS_LENGTH })
  if (status !== 200) throw new Error(`${url} responded with ${status}`)
  return body
}

function createFeed(settings: GuardSettings, client: IssuerClient): RevocationFeed | undefined {
  const { revocations } = settings
  if (revocations === 'none') return undefined
  const locate = async (): Promise<string | undefined> =>
    (await discoverEndpoints(settings.issuer, client)).revocations
  const source = createRemoteRevocations(client, locate, revocations)
  return createRevocationFeed({ ...settings, ...revocations, source })
}

function listen(settings: GuardSettings, feed: RevocationFeed): BroadcastListener | undefined {
  const { revocations } = settings
  if (revocations === 'none' || !revocations.broadcast) return undefined
  return pollOnMessages(revocations.broadcast, settings, feed)
}

function healthOf(
  keys: PublishedKeys,
  feed: RevocationFeed | undefined,
  listener: BroadcastListener | undefined,
): GuardHealth {
  const isFresh = feed?.isFresh() ?? true
  return {
    isReady: keys.size > 0 && isFresh,
    keys: keys.size,
    broadcast: listener ? (listener.problem === undefined ? 'connected' : 'disconnected') : 'none',
    revocations: feed ? (isFresh ? 'fresh' : 'stale') : 'none',
    problems: [keys.problem, feed?.problem].filter((problem) => problem !== undefined),
  }
}
