import type { ClientCredentialsGrant } from '../grants/client-credentials.ts'
import { parseDuration } from '../lib/duration.ts'
import type { Settings } from './settings.ts'

/** How long tokens can live at the most (ms). A key must stay known as long as what it made. */
export interface Lifetimes {
  readonly accessToken: number
  /** Without use; undefined where nobody gets a refresh token. */
  readonly refreshToken: number | undefined
}

/** The longest lifetimes that these settings allow. */
export function maxLifetimes({ accessTokenLifetime, personalTokens, grants, refresh }: Settings): Lifetimes {
  const machines = grants.get('client_credentials') as ClientCredentialsGrant | undefined
  const machineLifetime = parseDuration(machines?.options.lifetime) ?? 0
  const personalLifetime = personalTokens?.maximumLifetime ?? 0
  return {
    accessToken: Math.max(accessTokenLifetime, machineLifetime, personalLifetime),
    refreshToken: refresh?.lifetime,
  }
}
