import * as oauth from 'oauth4webapi'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { authorize, authorizationUrl } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer()
const tenant = await startServer({ path: '/tenant' })
const user = await server.addUser()
const spa = await server.addClient({ type: 'public' })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const insecure = { [oauth.allowInsecureRequests]: true }
afterAll(server.close)
afterAll(tenant.close)

async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure })
  return oauth.processDiscoveryResponse(url, response)
}

describe('oauth4webapi, which checks every MUST,', () => {
  test('discovers an issuer, with or without a path', async () => {
    expect((await discover(server.issuer)).issuer).toBe(server.issuer)
    expect((await discover(tenant.issuer)).token_endpoint).toBe(`${tenant.issuer}/oauth/token`)
  })

  test('accepts the whole code flow, and the access token by RFC 9068', async () => {
    const [as, client] = [await discover(server.issuer), { client_id: spa.id }]
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const url = authorizationUrl(server, spa, {
      scope: 'orders:read',
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const callback = await authorize(openBrowser(server), url, user)
    const parameters = oauth.validateAuthResponse(as, client, callback.url, state)
    const codeResponse = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      CALLBACK,
      verifier,
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, codeResponse)
    const refreshed = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.None(),
      tokens.refresh_token ?? '',
      insecure,
    )
    const next = await oauth.processRefreshTokenResponse(as, client, refreshed)
    const request = new Request('http://api.example/', {
      headers: { authorization: `Bearer ${next.access_token}` },
    })
    const claims = await oauth.validateJwtAccessToken(as, request, server.issuer, insecure)
    expect(claims).toMatchObject({ sub: user.id, client_id: spa.id, scope: 'orders:read' })
  })

  test('accepts client credentials', async () => {
    const [as, client] = [await discover(server.issuer), { client_id: machine.id }]
    const authentication = oauth.ClientSecretBasic(machine.secret ?? '')
    const form = new URLSearchParams({ scope: 'orders:read' })
    const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, form, insecure)
    const tokens = await oauth.processClientCredentialsResponse(as, client, response)
    expect(tokens.scope).toBe('orders:read')
  })

  test('parses every kind of error response', async () => {
    const [as, client] = [await discover(server.issuer), { client_id: machine.id }]
    const wrong = oauth.ClientSecretPost('wrong')
    const response = await oauth.clientCredentialsGrantRequest(as, client, wrong, {}, insecure)
    const refused = oauth.processClientCredentialsResponse(as, client, response)
    await expect(refused).rejects.toMatchObject({ error: 'invalid_client', status: 401 })
    const denied = await openBrowser(server).open(authorizationUrl(server, spa, { state: 'mine' }))
    expect(() => oauth.validateAuthResponse(as, { client_id: spa.id }, denied.url, 'mine')).toThrow(
      expect.objectContaining({ error: 'invalid_request' }) as Error,
    )
  })

  test('revokes a token, and introspects it with a signed response (RFC 9701)', async () => {
    const api = await server.addClient({ redirectUris: [], introspects: true })
    const [as, client] = [await discover(server.issuer), { client_id: machine.id }]
    const authentication = oauth.ClientSecretBasic(machine.secret ?? '')
    const issued = await oauth.clientCredentialsGrantRequest(as, client, authentication, {}, insecure)
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, issued)

    async function introspect() {
      const caller = { client_id: api.id }
      const secret = oauth.ClientSecretPost(api.secret ?? '')
      const options = { ...insecure, requestJwtResponse: true }
      const response = await oauth.introspectionRequest(as, caller, secret, token, options)
      const claims = await oauth.processIntrospectionResponse(as, caller, response)
      await oauth.validateApplicationLevelSignature(as, response, insecure)
      return claims
    }

    expect(await introspect()).toMatchObject({ active: true, sub: machine.id })
    const revoked = await oauth.revocationRequest(as, client, authentication, token, insecure)
    await oauth.processRevocationResponse(revoked)
    expect(await introspect()).toEqual({ active: false })
  })
})
