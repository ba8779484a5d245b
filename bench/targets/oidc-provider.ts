/**
 * oidc-provider with JWT access tokens. Its memory adapter keeps 1,000 entries; this one keeps all of them in a Map, or in a
 * table of PostgreSQL, as in its examples.
 */
import { randomUUID } from 'node:crypto'
import { Provider, type AdapterPayload } from 'oidc-provider'
import { Pool } from 'pg'
import { createOwnDatabase } from '../server.ts'
import { listen } from '../floors/parts/http.ts'
import { CLIENT } from '../floors/parts/requests.ts'
import { API, ISSUER, USER, privateKey } from '../floors/parts/tokens.ts'
import type { Start, Target } from '../target.ts'
import { preparation } from './parts/preparation.ts'

const api = { scope: CLIENT.scope, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }

const configuration = {
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

export const start: Start = () => startProvider(createAdapter, 'ES256, in memory')

export const variants: Readonly<Record<string, Start>> = {
  async postgres() {
    const database = await createOwnDatabase()
    const pool = new Pool({ connectionString: database.url })
    // An idle connection may see the server stop.
    pool.on('error', () => undefined)
    await pool.query(TABLE)
    const target = await startProvider((model) => createTable(pool, model), 'ES256, PostgreSQL')
    return { ...target, stop: () => target.stop().then(() => pool.end().then(() => database.drop())) }
  },
}

async function startProvider(adapter: (model: string) => object, terms: string): Promise<Target> {
  const provider = new Provider(ISSUER, { ...configuration, adapter })
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
  return { port, stop, terms, prepare }
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

const TABLE = `CREATE TABLE oidc (
  model text, id text, payload jsonb NOT NULL, grant_id text, uid text, user_code text, consumed_at bigint,
  PRIMARY KEY (model, id)
);
CREATE INDEX ON oidc (grant_id); CREATE INDEX ON oidc (uid); CREATE INDEX ON oidc (user_code)`

/** The same in a table. */
function createTable(pool: Pool, model: string) {
  const find = async (column: 'id' | 'uid' | 'user_code', value: string) => {
    const text = `SELECT payload, consumed_at FROM oidc WHERE model = $1 AND ${column} = $2`
    const query = { name: column, text, values: [model, value] }
    const { rows } = await pool.query<{ payload: AdapterPayload; consumed_at: string | null }>(query)
    const [row] = rows
    return row && { ...row.payload, ...(row.consumed_at !== null && { consumed: Number(row.consumed_at) }) }
  }
  const execute = async (name: string, text: string, ...values: readonly unknown[]): Promise<void> => {
    await pool.query({ name, text, values: [model, ...values] })
  }
  return {
    upsert: (id: string, payload: AdapterPayload) =>
      execute('upsert', UPSERT, id, payload, payload.grantId, payload.uid, payload.userCode),
    find: (id: string) => find('id', id),
    findByUid: (uid: string) => find('uid', uid),
    findByUserCode: (code: string) => find('user_code', code),
    consume: (id: string) =>
      execute('consume', 'UPDATE oidc SET consumed_at = $3 WHERE model = $1 AND id = $2', id, now()),
    destroy: (id: string) => execute('destroy', 'DELETE FROM oidc WHERE model = $1 AND id = $2', id),
    revokeByGrantId: (grantId: string) =>
      execute('revoke', 'DELETE FROM oidc WHERE model = $1 AND grant_id = $2', grantId),
  }
}

const now = (): number => Math.floor(Date.now() / 1000)

const UPSERT = `
  INSERT INTO oidc (model, id, payload, grant_id, uid, user_code) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (model, id) DO UPDATE SET payload = $3, grant_id = $4, uid = $5, user_code = $6`
