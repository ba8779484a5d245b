import {
  createCipheriv,
  createHmac,
  generateKeyPairSync,
  hash,
  hkdfSync,
  pbkdf2Sync,
  randomBytes,
  sign,
} from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

/** Passport's tables, as its migrations create them in SQLite. */
const SCHEMAS = {
  12: `create table oauth_clients (id integer primary key autoincrement not null, user_id integer, name varchar not null, secret varchar, provider varchar, redirect text not null, personal_access_client tinyint(1) not null, password_client tinyint(1) not null, revoked tinyint(1) not null, created_at datetime, updated_at datetime);
    create table oauth_personal_access_clients (id integer primary key autoincrement not null, client_id integer not null, created_at datetime, updated_at datetime);`,
  13: `create table oauth_clients (id varchar not null primary key, owner_type varchar, owner_id integer, name varchar not null, secret varchar, provider varchar, redirect_uris text not null, grant_types text not null, revoked tinyint(1) not null, created_at datetime, updated_at datetime);`,
} as const

const TABLES = `create table users (id integer primary key autoincrement not null, name varchar not null, email varchar not null, email_verified_at datetime, password varchar not null, remember_token varchar, created_at datetime, updated_at datetime);
  create table oauth_access_tokens (id varchar not null primary key, user_id integer, client_id varchar not null, name varchar, scopes text, revoked tinyint(1) not null, created_at datetime, updated_at datetime, expires_at datetime);
  create table oauth_refresh_tokens (id varchar not null primary key, access_token_id varchar not null, revoked tinyint(1) not null, expires_at datetime);
  create table oauth_auth_codes (id varchar not null primary key, user_id integer not null, client_id varchar not null, scopes text, revoked tinyint(1) not null, expires_at datetime);`

type Value = string | number | null

/** A row to insert, by column. */
export type LaravelRow = Readonly<Record<string, Value>>

/** The tokens that Passport returns for one authorization. */
export interface PassportTokens {
  /** The `jti`, which is the ID of the row. */
  readonly id: string
  readonly refreshId: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** What a token is issued for. Lifetimes in seconds. */
export interface PassportGrant {
  readonly clientId: string
  readonly userId?: number
  readonly scopes?: readonly string[]
  readonly lifetime?: number
  readonly refreshLifetime?: number
  readonly name?: string
  readonly revoked?: boolean
}

/** A Laravel app with Passport: its database, its keys, and the tokens that it has issued. */
export interface Laravel {
  readonly file: string
  readonly publicKey: string
  readonly privateKey: string
  readonly appKey: string
  insert(table: string, row: LaravelRow): void
  run(statement: string, ...parameters: Value[]): void
  /** Issues tokens and stores their rows. */
  issue(grant: PassportGrant): PassportTokens
  close(): void
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

/** Creates the database of a Laravel app. */
export function createLaravel(file: string, version: keyof typeof SCHEMAS = 13): Laravel {
  const database = new DatabaseSync(file)
  database.exec(SCHEMAS[version] + TABLES)
  const key = randomBytes(32)
  const insert = (table: string, row: LaravelRow): void => {
    const columns = Object.keys(row)
    const places = columns.map(() => '?').join(', ')
    database
      .prepare(`insert into ${table} (${columns.join(', ')}) values (${places})`)
      .run(...Object.values(row))
  }
  return {
    file,
    publicKey,
    privateKey,
    appKey: `base64:${key.toString('base64')}`,
    insert,
    run: (statement, ...parameters) => void database.prepare(statement).run(...parameters),
    issue: (grant) => issue(grant, key, insert),
    close: () => database.close(),
  }
}

/** As Laravel writes times. */
export const laravelTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')

function issue(grant: PassportGrant, key: Buffer, insert: Laravel['insert']): PassportTokens {
  const { clientId, userId, scopes = ['orders:read'], lifetime = 3600, refreshLifetime = 86_400 } = grant
  const [id, refreshId] = [randomBytes(40).toString('hex'), randomBytes(40).toString('hex')]
  const now = Date.now()
  const expiresAt = now + lifetime * 1000
  insert('oauth_access_tokens', {
    id,
    user_id: userId ?? null,
    client_id: clientId,
    name: grant.name ?? null,
    scopes: JSON.stringify(scopes),
    revoked: grant.revoked ? 1 : 0,
    created_at: laravelTime(now),
    updated_at: laravelTime(now),
    expires_at: laravelTime(expiresAt),
  })
  const claims = passportClaims({ id, clientId, sub: String(userId ?? clientId), scopes, expiresAt })
  const accessToken = signPassportToken(claims)
  if (userId === undefined || grant.name !== undefined)
    return { id, refreshId, accessToken, refreshToken: '' }
  const refreshExpiresAt = now + refreshLifetime * 1000
  insert('oauth_refresh_tokens', {
    id: refreshId,
    access_token_id: id,
    revoked: 0,
    expires_at: laravelTime(refreshExpiresAt),
  })
  const content = {
    client_id: clientId,
    refresh_token_id: refreshId,
    access_token_id: id,
    scopes,
    user_id: String(userId),
    expire_time: Math.floor(refreshExpiresAt / 1000),
  }
  return { id, refreshId, accessToken, refreshToken: encrypt(JSON.stringify(content), key) }
}

/** The claims of Passport's tokens, with fractions of a second as lcobucci/jwt writes them. */
export const passportClaims = (token: {
  readonly id: string
  readonly clientId: string
  readonly sub: string
  readonly scopes: readonly string[]
  readonly expiresAt: number
}): object => ({
  aud: token.clientId,
  jti: token.id,
  iat: Date.now() / 1000 - 1.5,
  nbf: Date.now() / 1000 - 1.5,
  exp: token.expiresAt / 1000,
  sub: token.sub,
  scopes: token.scopes,
})

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Signs claims as Passport does: with RS256, without a key ID. */
export function signPassportToken(
  claims: object,
  header: object = { typ: 'JWT', alg: 'RS256' },
  key = privateKey,
): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** `Crypto::encryptWithPassword` of defuse/php-encryption. */
function encrypt(text: string, password: Buffer): string {
  const [salt, iv] = [randomBytes(32), randomBytes(16)]
  const secret = pbkdf2Sync(hash('sha256', password, 'buffer'), salt, 100_000, 32, 'sha256')
  const subkey = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, salt, `DefusePHP|V2|KeyFor${use}`, 32))
  const cipher = createCipheriv('aes-256-ctr', subkey('Encryption'), iv)
  const header = Buffer.from('def50200', 'hex')
  const body = Buffer.concat([header, salt, iv, cipher.update(text), cipher.final()])
  return Buffer.concat([body, createHmac('sha256', subkey('Authentication')).update(body).digest()]).toString(
    'hex',
  )
}
