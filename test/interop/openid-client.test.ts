import * as oauth from 'openid-client'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, authorize } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const confidential = await server.addClient()
const spa = await server.addClient({ type: 'public' })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
afterAll(server.close)

const discover = ({ id }: TestClient, authentication: oauth.ClientAuth) =>
  oauth.discovery(new URL(server.issuer), id, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [oauth.allowInsecureRequests],
  })

describe.each<[string, TestClient, oauth.ClientAuth]>([
  ['client_secret_basic', confidential, oauth.ClientSecretBasic(confidential.secret)],
  ['client_secret_post', confidential, oauth.ClientSecretPost(confidential.secret)],
  ['none', spa, oauth.None()],
])('openid-client with %s', (_, client, authentication) => {
  test('discovers the server, gets a code with PKCE, its tokens, and new ones', async () => {
    const config = await discover(client, authentication)
    expect(config.serverMetadata().supportsPKCE()).toBe(true)
    const [pkceCodeVerifier, expectedState] = [oauth.randomPKCECodeVerifier(), oauth.randomState()]
    const url = oauth.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'orders:read profile',
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
    })
    const callback = await authorize(openBrowser(server), url.href, user)
    const tokens = await oauth.authorizationCodeGrant(config, callback.url, {
      pkceCodeVerifier,
      expectedState,
    })
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: 'orders:read profile' })
    const next = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '', { scope: 'orders:read' })
    expect(next.scope).toBe('orders:read')
    expect((await callApi(server, '/orders', next.access_token)).body).toMatchObject({
      user: { id: user.id },
    })
  })

  test('reports a refusal', async () => {
    const config = await discover(client, authentication)
    const url = oauth.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'orders:read',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
      state: 'mine',
      prompt: 'none',
    })
    const callback = await openBrowser(server).open(url)
    const refused = oauth.authorizationCodeGrant(config, callback.url, { expectedState: 'mine' })
    await expect(refused).rejects.toMatchObject({ error: 'login_required' })
    const stale = oauth.refreshTokenGrant(config, 'cons_rt_nothing')
    await expect(stale).rejects.toMatchObject({ error: 'invalid_grant', status: 400 })
  })
})

test('openid-client gets client credentials', async () => {
  const config = await discover(machine, oauth.ClientSecretBasic(machine.secret))
  const tokens = await oauth.clientCredentialsGrant(config, { scope: 'orders:read' })
  expect(tokens.refresh_token).toBeUndefined()
  expect((await callApi(server, '/machine/orders', tokens.access_token)).status).toBe(200)
})

test('openid-client reports a wrong secret, with the challenge', async () => {
  const config = await discover(machine, oauth.ClientSecretBasic('wrong'))
  await expect(oauth.clientCredentialsGrant(config)).rejects.toMatchObject({
    code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
    status: 401,
  })
})

test('openid-client revokes tokens, and introspects them', async () => {
  const api = await server.addClient({ redirectUris: [], introspects: true })
  const [client, resourceServer] = [
    await discover(machine, oauth.ClientSecretBasic(machine.secret)),
    await discover(api, oauth.ClientSecretPost(api.secret)),
  ]
  const tokens = await oauth.clientCredentialsGrant(client, { scope: 'orders:read' })
  expect(await oauth.tokenIntrospection(resourceServer, tokens.access_token)).toMatchObject({
    active: true,
    client_id: machine.id,
    scope: 'orders:read',
  })
  await oauth.tokenRevocation(client, tokens.access_token, { token_type_hint: 'access_token' })
  expect(await oauth.tokenIntrospection(resourceServer, tokens.access_token)).toEqual({ active: false })
  await expect(oauth.tokenRevocation(resourceServer, tokens.access_token)).rejects.toMatchObject({
    error: 'invalid_grant',
  })
  await expect(oauth.tokenIntrospection(client, tokens.access_token)).rejects.toMatchObject({
    error: 'unauthorized_client',
    status: 403,
  })
})
