import { chooseResources, chooseScopes, OAuthError, permit, refuse } from '../../src/index.ts'
import type { Grant } from '../../src/index.ts'

/** The `grant_type` of the custom grant. */
export const CUSTOM_GRANT_TYPE = 'https://example.com/grants/badge'

/** A custom grant, as an app would add it: exchanges a badge for tokens of its holder. */
export const customGrant = (holderOf: (badge: string) => string | undefined): Grant => ({
  type: CUSTOM_GRANT_TYPE,
  async decide({ client, form, address, userAgent }, { userDirectory, scopes, resources }) {
    const userId = holderOf(form.get('badge') ?? '') ?? ''
    const user = await userDirectory.load({ provider: client.provider, userId }, client.id)
    if (!user) return refuse(new OAuthError('invalid_grant', 'The badge is invalid'), { isGuess: true })
    return permit({
      client,
      user,
      scopes: chooseScopes(scopes, form.get('scope'), client.scopes),
      resources: chooseResources(resources, form.getAll('resource')),
      device: { userAgent, address },
    })
  },
})
