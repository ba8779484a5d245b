import { OAuthError } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { refuse, type BuiltInGrant } from './grant.ts'
import { chooseScopes } from './permit.ts'
import { chooseResources } from './resources.ts'

/** Options of the client credentials grant. */
export interface ClientCredentialsOptions {
  /** How long these tokens live; default: the server's `accessTokenLifetime`. */
  readonly lifetime?: Duration
}

/** The client credentials grant. */
export interface ClientCredentialsGrant extends BuiltInGrant {
  readonly type: 'client_credentials'
  readonly options: ClientCredentialsOptions
}

/**
 * A client acts for itself (RFC 6749 section 4.4). It gets only scopes that are listed on its record, and no refresh
 * token: it can always ask again.
 */
export function clientCredentials(options: ClientCredentialsOptions = {}): ClientCredentialsGrant {
  const lifetime = parseDuration(options.lifetime)
  return {
    type: 'client_credentials',
    options,
    async decide({ client, form }, { scopes, resources: known }) {
      if (client.type === 'public') {
        return refuse(new OAuthError('unauthorized_client', 'A public client cannot use this grant'))
      }
      const granted = chooseScopes(scopes, form.get('scope'), client.scopes ?? [])
      const resources = chooseResources(known, form.getAll('resource'))
      return {
        kind: 'machine',
        client,
        scopes: granted,
        resources,
        ...(lifetime !== undefined && { lifetime }),
      }
    },
  }
}
