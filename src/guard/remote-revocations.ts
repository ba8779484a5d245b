import { ConfigError } from '../errors.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { RevocationSource } from '../revocations/reader.ts'
import { fromWire, type RevocationPage } from '../revocations/wire.ts'
import type { IssuerClient } from './issuer-client.ts'

/** Whom the issuer lets follow its revocations. */
export interface FeedCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** The most entries that are asked for at once; the issuer sends no more either. */
const PAGE = 1_000
const LONGEST_PAGE = 4_194_304
/** After a failure (ms): however many requests wait for the feed, the issuer is asked no more often. */
const RETRY_INTERVAL = 500
/** After a refusal (ms): with more tries the issuer would throttle everybody at this address. */
const REFUSED_INTERVAL = 30_000

/**
 * Reads revocations from the issuer. `locate` finds the feed, anew after each failure. While a failure is young it is
 * thrown again, and nobody is asked.
 */
export function createRemoteRevocations(
  client: IssuerClient,
  locate: () => Promise<string | undefined>,
  credentials: FeedCredentials,
): RevocationSource {
  const headers = { authorization: basic(credentials) }
  let feed: string | undefined
  let pause: { readonly until: number; readonly cause: unknown } | undefined

  async function readPage(after: number, limit: number): Promise<RevocationPage> {
    feed ??= await locate()
    if (feed === undefined) throw problem('issuer', 'has no feed of revocations')
    const url = `${feed}?after=${after}&limit=${limit}`
    const { status, body } = await client.get({ url, limit: LONGEST_PAGE, headers })
    if (status !== 200) throw refusal(status, feed)
    return inOrder(fromWire(body), after)
  }

  async function readAll(cursor: number, limit: number): Promise<readonly RevocationEntry[]> {
    const entries: RevocationEntry[] = []
    for (let hasMore = true; hasMore && entries.length < limit;) {
      const page = await readPage(entries.at(-1)?.id ?? cursor, Math.min(PAGE, limit - entries.length))
      entries.push(...page.entries)
      hasMore = page.hasMore
    }
    return entries
  }

  return {
    async listSince(cursor, _now, limit) {
      if (pause && performance.now() < pause.until) throw pause.cause
      try {
        return await readAll(cursor, limit)
      } catch (cause) {
        feed = undefined
        const wait = cause instanceof ConfigError ? REFUSED_INTERVAL : RETRY_INTERVAL
        pause = { until: performance.now() + wait, cause }
        throw cause
      }
    },
  }
}

/** Ids that do not grow would be read for ever. */
function inOrder(page: RevocationPage, after: number): RevocationPage {
  const isGrowing = page.entries.every(({ id }, index) => id > (page.entries[index - 1]?.id ?? after))
  if (!isGrowing || (page.hasMore && page.entries.length === 0)) {
    throw new Error('The feed of revocations is out of order')
  }
  return page
}

function refusal(status: number, feed: string): Error {
  if (status === 401) return problem('revocations.clientSecret', `is not the client's, says ${feed} (401)`)
  if (status === 403) return problem('revocations.clientId', `may not follow revocations, says ${feed} (403)`)
  if (status === 429) return problem('revocations', `failed too often, says ${feed} (429)`)
  return new Error(`${feed} answered ${status}`)
}

const problem = (path: string, message: string): ConfigError => new ConfigError([{ path, message }])

/** Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1). */
const basic = ({ clientId, clientSecret }: FeedCredentials): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`
