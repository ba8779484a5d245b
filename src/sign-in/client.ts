import { SIGN_IN, type Client } from '../model/client.ts'

/**
 * Returns the client that issuance and the refresh rules see behind the sign-in API: public, first-party, without a row.
 * Its sessions end with the user's sign-out.
 */
export const signInClient = (provider: string, scopes: readonly string[]): Client => ({
  id: SIGN_IN,
  name: SIGN_IN,
  type: 'public',
  secrets: [],
  redirectUris: [],
  grantTypes: ['refresh_token'],
  scopes,
  provider,
  logo: null,
  homepage: null,
  privacy: null,
  terms: null,
  publisher: null,
  ownerId: null,
  isThirdParty: false,
  requiresPkce: false,
  skipsConsent: true,
  endsWithSession: true,
  followsRevocations: false,
  introspects: false,
  graceWindow: null,
  accessTokenLifetime: null,
  refreshTokenLifetime: null,
  refreshTokenMaximumLifetime: null,
  fields: {},
  epoch: 0,
  createdAt: 0,
  revokedAt: null,
})
