import { ConfigError } from '../errors.ts'
import { METADATA_PATH } from '../model/issuer.ts'
import type { IssuerClient } from './issuer-client.ts'

/** The endpoints of an issuer that a guard needs. */
export interface IssuerEndpoints {
  readonly keys: string
  /** Undefined if the issuer has no revocation feed. */
  readonly revocations: string | undefined
}

/** In bytes. */
const MAX_METADATA_LENGTH = 65_536

/**
 * Finds the endpoints in the issuer's metadata (RFC 8414 section 3).
 *
 * @throws ConfigError if the metadata is another issuer's (section 3.3) or points to another origin
 */
export async function discoverEndpoints(issuer: string, client: IssuerClient): Promise<IssuerEndpoints> {
  const { origin, pathname } = new URL(issuer)
  const url = origin + METADATA_PATH + (pathname === '/' ? '' : pathname)
  const { status, body } = await client.get({ url, limit: MAX_METADATA_LENGTH })
  if (status !== 200) throw new Error(`${url} responded with ${status}`)
  const { issuer: actual, jwks_uri: keys, revocation_feed_endpoint: revocations } = fieldsOf(body)
  if (actual !== issuer) throw problem(`does not match the issuer in its metadata (${url})`)
  if (!isSameOrigin(origin, keys)) throw problem(`has a jwks_uri on another origin, or none (${url})`)
  if (revocations !== undefined && !isSameOrigin(origin, revocations)) {
    throw problem(`has a revocation feed on another origin (${url})`)
  }
  return { keys, revocations }
}

/** Consulate serves everything from one origin. Changed metadata must not send our credentials anywhere else. */
const isSameOrigin = (origin: string, url: unknown): url is string =>
  typeof url === 'string' && URL.canParse(url) && new URL(url).origin === origin

const problem = (message: string): ConfigError => new ConfigError([{ path: 'issuer', message }])

const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? { ...body } : {}
