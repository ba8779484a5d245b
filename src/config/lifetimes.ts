import type { Settings } from './settings.ts'

/**
 * The longest lifetimes, in milliseconds, without those of single clients. Keys must stay published for as long as the tokens
 * and API cookies they signed.
 */
export interface Lifetimes {
  readonly accessToken: number
  /** The lifetime without use; undefined if no refresh tokens are issued. */
  readonly refreshToken: number | undefined
}

export function maxLifetimes(settings: Settings): Lifetimes {
  const { accessTokenLifetime, accessTokenLifetimes, personalTokens, refresh, signIn, apiCookie } = settings
  const personalLifetime = personalTokens?.maximumLifetime ?? 0
  const signInLifetime = signIn?.accessTokenLifetime ?? 0
  const refreshLifetimes = [refresh, signIn?.refresh].flatMap((policy) => policy?.lifetime ?? [])
  return {
    accessToken: Math.max(
      accessTokenLifetime,
      ...accessTokenLifetimes.values(),
      personalLifetime,
      signInLifetime,
      apiCookie?.lifetime ?? 0,
    ),
    refreshToken: refreshLifetimes.length > 0 ? Math.max(...refreshLifetimes) : undefined,
  }
}
