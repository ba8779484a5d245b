/** better-auth with its OAuth provider on a node:sqlite file. Rate limits are off, because all load has one address. */
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth, type Auth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Pool } from 'pg'
import { listen } from '../floors/parts/http.ts'
import { CLIENT } from '../floors/parts/requests.ts'
import { API, ISSUER } from '../floors/parts/tokens.ts'
import { createOwnDatabase } from '../server.ts'
import type { Start, Target } from '../target.ts'
import { preparation } from './parts/preparation.ts'

const PATH = '/api/auth/oauth2'

const authorizationRequest = new URLSearchParams({
  response_type: 'code',
  client_id: CLIENT.id,
  redirect_uri: CLIENT.redirectUri,
  scope: `${CLIENT.scope} offline_access`,
  state: 'a state of the client',
  resource: API,
  code_challenge: CLIENT.challenge,
  code_challenge_method: 'S256',
})

export const start: Start = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  const database = new DatabaseSync(join(folder, 'better-auth.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return startOn(database, 'ES256, SQLite', async () => {
    database.close()
    await rm(folder, { recursive: true })
  })
}

export const variants: Readonly<Record<string, Start>> = {
  async postgres() {
    const own = await createOwnDatabase()
    const pool = new Pool({ connectionString: own.url })
    // An idle connection may see the server stop.
    pool.on('error', () => undefined)
    return startOn(pool, 'ES256, PostgreSQL', () => pool.end().then(() => own.drop()))
  },
}

async function startOn(
  database: DatabaseSync | Pool,
  terms: string,
  close: () => Promise<unknown>,
): Promise<Target> {
  const options = optionsFor(database)
  await (await getMigrations(options)).runMigrations()
  const auth = betterAuth(options)
  const headers = await signUp(auth)
  await createClient(auth, headers)

  const { port, stop } = await listen(toNodeHandler(auth))
  const mintCode = async (): Promise<string> => {
    const url = `${ISSUER}${PATH}/authorize?${authorizationRequest.toString()}`
    const answer = await auth.handler(new Request(url, { headers }))
    const code = new URL(answer.headers.get('location') ?? url).searchParams.get('code')
    if (code === null) throw new Error(`got no code: ${answer.status} ${await answer.text()}`)
    return code
  }
  return {
    port,
    terms,
    prepare: preparation({ port, path: `${PATH}/token`, resource: API, mintCode }),
    async stop() {
      await stop()
      await close()
    },
  }
}

const optionsFor = (database: DatabaseSync | Pool) => ({
  baseURL: ISSUER,
  secret: 'a secret of more than thirty-two characters',
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  disabledPaths: ['/token'],
  plugins: [
    jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } }),
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/consent',
      scopes: [CLIENT.scope, 'offline_access'],
      resources: [API],
      enforcePerClientResources: false,
      clientPrivileges: () => true,
      cachedTrustedClients: new Set([CLIENT.id]),
      cachedResources: new Set([API]),
      generateClientId: () => CLIENT.id,
      generateClientSecret: () => CLIENT.secret,
    }),
  ],
})

/** The headers of a signed-in user. */
async function signUp(auth: Auth): Promise<Headers> {
  const body = { name: 'Ann', email: 'ann@example.com', password: 'a password for the benchmark' }
  const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true })
  const cookies = headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  return new Headers({ Cookie: cookies.join('; ') })
}

const createClient = (auth: Auth, headers: Headers): Promise<unknown> =>
  auth.api.adminCreateOAuthClient({
    headers,
    body: {
      redirect_uris: [CLIENT.redirectUri],
      scope: `${CLIENT.scope} offline_access`,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      client_credentials_scopes: [CLIENT.scope],
      token_endpoint_auth_method: 'client_secret_basic',
      skip_consent: true,
    },
  })
