/** oidc-provider with JWT access tokens. Its memory adapter keeps 1,000 entries; this one keeps all of them in a Map. */
import { randomUUID } from 'node:crypto'
import { Provider, type AdapterPayload } from 'oidc-provider'
import { listen } from '../floors/parts/http.ts'
import { CLIENT } from '../floors/parts/requests.ts'
import { API, ISSUER, USER, privateKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { preparation } from './parts/preparation.ts'

const api = { scope: CLIENT.scope, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }

const configuration = {
  adapter: createAdapter,
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [CLIENT.redirectUri],
      grant_types: [
        'client_credentials',
        'refresh_token',
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  routes: { token: '/oauth/token' },
  cookies: { keys: ['a key that no request of the bench needs'] },
  findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: async (_: unknown, client: { grantTypeAllowed(type: string): boolean }) =>
    client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 3600,
    DeviceCode: 600,
    ClientCredentials: 3600,
    RefreshToken: 1_209_600,
    Grant: 1_209_600,
  },
  expiresWithSession: () => false,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: () => api,
    },
  },
}

export const start: Start = async () => {
  const provider = new Provider(ISSUER, configuration)
  const { port, stop } = await listen(provider.callback())
  const allow = async () => {
    const client = await provider.Client.find(CLIENT.id)
    const grant = new provider.Grant({ accountId: USER, clientId: CLIENT.id })
    grant.addResourceScope(API, CLIENT.scope)
    return { client, accountId: USER, grantId: await grant.save(), scope: CLIENT.scope, resource: API }
  }
  const mintCode = async (): Promise<string> => {
    const code = new provider.AuthorizationCode({
      ...(await allow()),
      redirectUri: CLIENT.redirectUri,
      codeChallenge: CLIENT.challenge,
      codeChallengeMethod: 'S256',
      gty: 'authorization_code',
    })
    return code.save()
  }
  const mintDeviceCode = async (): Promise<string> => {
    const code = new provider.DeviceCode({
      ...(await allow()),
      params: { scope: CLIENT.scope },
      userCode: randomUUID(),
      gty: 'device_code',
    })
    return code.save()
  }
  const prepare = preparation({ port, mintCode, mintDeviceCode })
  return { port, stop, terms: 'ES256, in memory', prepare }
}

/** The storage of one of the provider's models. */
function createAdapter() {
  const kept = new Map<string, AdapterPayload>()
  const findBy = async (name: 'uid' | 'userCode', value: string) =>
    kept.values().find((payload) => payload[name] === value)
  return {
    upsert: async (id: string, payload: AdapterPayload) => void kept.set(id, payload),
    find: async (id: string) => kept.get(id),
    findByUid: (uid: string) => findBy('uid', uid),
    findByUserCode: (code: string) => findBy('userCode', code),
    consume: async (id: string) => {
      Object.assign(kept.get(id) ?? {}, { consumed: Math.floor(Date.now() / 1000) })
    },
    destroy: async (id: string) => void kept.delete(id),
    revokeByGrantId: async (grantId: string) => {
      for (const [id, payload] of kept) if (payload.grantId === grantId) kept.delete(id)
    },
  }
}
