import type { GrantSettings } from './grants.ts'

/** A grant that is only there for apps that cannot be changed at once. */
export interface LegacyGrant {
  readonly grant: string
  /** Why nothing new should use it. */
  readonly why: string
  /** What should be used. */
  readonly instead: string
}

const LEGACY_GRANTS: readonly LegacyGrant[] = [
  {
    grant: 'password',
    why: 'apps see passwords, and people learn to type them in anywhere (RFC 9700 section 2.4)',
    instead: 'authorizationCode() with PKCE: send people to the sign-in page',
  },
  {
    grant: 'implicit',
    why: 'tokens stand in addresses, where they leak and can be slipped in (RFC 9700 section 2.1.2)',
    instead: 'authorizationCode() with PKCE, which works in browsers too',
  },
]

/** Those of the listed grants that nothing new should use. */
export const legacyGrantsOf = ({ grants }: Pick<GrantSettings, 'grants'>): readonly LegacyGrant[] =>
  LEGACY_GRANTS.filter(({ grant }) => grants.has(grant))
