import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, describe, expect, test } from 'vitest'
import { passwordGrant, refreshToken } from '../../src/index.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/*
 * The libraries of today have no words of their own for the password grant, only a way to ask for any grant; and none
 * of them takes an implicit answer any more: oauth4webapi throws that it is not supported.
 */
const server = await startServer({ grants: [passwordGrant(), refreshToken()] })
const user = await server.addUser()
const client = await server.addClient({ grantTypes: ['password', 'refresh_token'] })
afterAll(server.close)

const credentials = { username: user.email, password: user.password, scope: 'orders:read' }
const wrong = { ...credentials, password: 'a wrong password' }

describe('the password grant', () => {
  test('works with oauth4webapi, which checks every MUST', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true }
    const issuer = new URL(server.issuer)
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
    )
    const self = { client_id: client.id }
    const authentication = oauth.ClientSecretBasic(client.secret ?? '')
    const ask = async (parameters: Record<string, string>) =>
      oauth.processGenericTokenEndpointResponse(
        as,
        self,
        await oauth.genericTokenEndpointRequest(as, self, authentication, 'password', parameters, insecure),
      )
    const tokens = await ask(credentials)
    const request = new Request('http://api.example/', {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const claims = await oauth.validateJwtAccessToken(as, request, server.issuer, insecure)
    expect(claims).toMatchObject({ sub: user.id, client_id: client.id, scope: 'orders:read' })
    await expect(ask(wrong)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 })
  })

  test('works with openid-client, including the refresh', async () => {
    const authentication = openid.ClientSecretPost(client.secret)
    const config = await openid.discovery(new URL(server.issuer), client.id, undefined, authentication, {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    })
    const tokens = await openid.genericGrantRequest(config, 'password', credentials)
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect((await callApi(server, '/orders', next.access_token)).status).toBe(200)
    const refused = openid.genericGrantRequest(config, 'password', wrong)
    await expect(refused).rejects.toMatchObject({ error: 'invalid_grant', status: 400 })
  })
})
