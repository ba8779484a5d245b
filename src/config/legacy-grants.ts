import type { GrantSettings } from './grants.ts'

/** A grant that only apps that cannot be changed yet should use. */
export interface LegacyGrant {
  readonly grant: string
  /** Why new apps must not use it. */
  readonly reason: string
  /** What to use instead. */
  readonly replacement: string
}

const LEGACY_GRANTS: readonly LegacyGrant[] = [
  {
    grant: 'password',
    reason: 'apps see passwords, and users get used to entering them anywhere (RFC 9700 section 2.4)',
    replacement: 'authorizationCode() with PKCE, which sends users to the sign-in page',
  },
  {
    grant: 'implicit',
    reason: 'tokens in URLs leak and can be injected (RFC 9700 section 2.1.2)',
    replacement: 'authorizationCode() with PKCE, which works in browsers too',
  },
]

/** Returns the enabled grants that new apps must not use. */
export const findLegacyGrants = ({ grants }: Pick<GrantSettings, 'grants'>): readonly LegacyGrant[] =>
  LEGACY_GRANTS.filter(({ grant }) => grants.has(grant))
