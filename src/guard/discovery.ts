import { ConfigError } from '../errors.ts'
import { METADATA_PATH } from '../model/issuer.ts'
import type { IssuerClient } from './issuer-client.ts'

/** Where a guard reads what it needs to know. */
export interface IssuerEndpoints {
  readonly keys: string
  /** Undefined where the issuer has no feed. */
  readonly revocations: string | undefined
}

const LONGEST_METADATA = 65_536

/**
 * Reads where the issuer's keys and revocations are, from its metadata (RFC 8414 section 3).
 *
 * @throws ConfigError where the document names another issuer (section 3.3) or leads away from this one
 */
export async function discoverEndpoints(issuer: string, client: IssuerClient): Promise<IssuerEndpoints> {
  const { origin, pathname } = new URL(issuer)
  const url = origin + METADATA_PATH + (pathname === '/' ? '' : pathname)
  const { status, body } = await client.get({ url, limit: LONGEST_METADATA })
  if (status !== 200) throw new Error(`${url} answered ${status}`)
  const { issuer: named, jwks_uri: keys, revocation_feed_endpoint: revocations } = fieldsOf(body)
  if (named !== issuer) throw problem(`has metadata that names another issuer (${url})`)
  if (!isSameOrigin(origin, keys)) throw problem(`has metadata without keys of its own origin (${url})`)
  if (revocations !== undefined && !isSameOrigin(origin, revocations)) {
    throw problem(`has metadata whose feed is not of its own origin (${url})`)
  }
  return { keys, revocations }
}

/** Ours have everything in one place. Whoever changes the document must not send us, and our credential, elsewhere. */
const isSameOrigin = (origin: string, url: unknown): url is string =>
  typeof url === 'string' && URL.canParse(url) && new URL(url).origin === origin

const problem = (message: string): ConfigError => new ConfigError([{ path: 'issuer', message }])

const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? { ...body } : {}
