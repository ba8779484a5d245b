import { OAuthError } from '../errors.ts'
import type { Duration } from '../lib/duration.ts'
import { refuse, type BuiltInGrant } from './grant.ts'
import { chooseScopes } from './permit.ts'
import { chooseResources } from './resources.ts'

/** Options of the client credentials grant. */
export interface ClientCredentialsOptions {
  /** How long these tokens are valid. Default: the server's `accessTokenLifetime`. */
  readonly accessTokenLifetime?: Duration
}

/** The client credentials grant. */
export interface ClientCredentialsGrant extends BuiltInGrant {
  readonly type: 'client_credentials'
  readonly options: ClientCredentialsOptions
}

/**
 * Creates the client credentials grant (RFC 6749 section 4.4): a client gets a token for itself. Its scopes must be listed
 * on its record. There is no refresh token, because it can always request another token.
 */
export const clientCredentials = (options: ClientCredentialsOptions = {}): ClientCredentialsGrant => ({
  type: 'client_credentials',
  options,
  async decide({ client, form }, { scopes, resources }) {
    if (client.type === 'public') {
      return refuse(new OAuthError('unauthorized_client', 'A public client cannot use client credentials'))
    }
    return {
      kind: 'machine',
      client,
      scopes: chooseScopes(scopes, form.get('scope'), client.scopes ?? []),
      resources: chooseResources(resources, form.getAll('resource')),
    }
  },
})
