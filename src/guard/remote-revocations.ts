import { ConfigError } from '../errors.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { RevocationSource } from '../revocations/reader.ts'
import { fromWire, type RevocationPage } from '../revocations/wire.ts'
import type { IssuerClient } from './issuer-client.ts'

/** The credentials of a client that can read the issuer's revocation feed. */
export interface FeedCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** The maximum number of entries per request. The issuer has the same limit. */
const PAGE_SIZE = 1_000
/** In bytes. */
const MAX_PAGE_LENGTH = 4_194_304
/** After a failure (ms). Requests that wait for the feed do not make the guard ask more often. */
const RETRY_INTERVAL = 500
/** After rejected credentials (ms). More attempts would get this address throttled. */
const REJECTED_INTERVAL = 30_000

/**
 * Reads revocations from the issuer's feed. `locate` finds the URL of the feed, again after each failure. Until the next
 * attempt is due, the last error is thrown again.
 */
export function createRemoteRevocations(
  client: IssuerClient,
  locate: () => Promise<string | undefined>,
  credentials: FeedCredentials,
): RevocationSource {
  const headers = { authorization: basic(credentials) }
  let feed: string | undefined
  let failure: { readonly retryAt: number; readonly cause: unknown } | undefined

  async function readPage(after: number, limit: number): Promise<RevocationPage> {
    feed ??= await locate()
    if (feed === undefined) throw problem('issuer', 'has no revocation feed')
    const url = `${feed}?after=${after}&limit=${limit}`
    const { status, body } = await client.get({ url, limit: MAX_PAGE_LENGTH, headers })
    if (status !== 200) throw errorOf(status, feed)
    return requireProgress(fromWire(body), after)
  }

  async function readAll(cursor: number, limit: number): Promise<readonly RevocationEntry[]> {
    const entries: RevocationEntry[] = []
    for (let hasMore = true; hasMore && entries.length < limit;) {
      const page = await readPage(entries.at(-1)?.id ?? cursor, Math.min(PAGE_SIZE, limit - entries.length))
      entries.push(...page.entries)
      hasMore = page.hasMore
    }
    return entries
  }

  return {
    async listSince(cursor, _now, limit) {
      if (failure && performance.now() < failure.retryAt) throw failure.cause
      try {
        return await readAll(cursor, limit)
      } catch (cause) {
        feed = undefined
        const interval = cause instanceof ConfigError ? REJECTED_INTERVAL : RETRY_INTERVAL
        failure = { retryAt: performance.now() + interval, cause }
        throw cause
      }
    },
  }
}

/** Throws unless the IDs increase. Otherwise a broken feed could keep us reading forever. */
function requireProgress(page: RevocationPage, after: number): RevocationPage {
  const isIncreasing = page.entries.every(({ id }, index) => id > (page.entries[index - 1]?.id ?? after))
  if (!isIncreasing || (page.hasMore && page.entries.length === 0)) {
    throw new Error('The revocation feed is out of order')
  }
  return page
}

function errorOf(status: number, feed: string): Error {
  if (status === 401) return problem('revocations.clientSecret', `was rejected by ${feed} (401)`)
  if (status === 403) return problem('revocations.clientId', `cannot read revocations at ${feed} (403)`)
  if (status === 429) return problem('revocations', `was throttled by ${feed} after too many failures (429)`)
  return new Error(`${feed} responded with ${status}`)
}

const problem = (path: string, message: string): ConfigError => new ConfigError([{ path, message }])

/** Both parts are form-encoded first (RFC 6749 section 2.3.1). */
const basic = ({ clientId, clientSecret }: FeedCredentials): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`
