import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import type { TestDatabase } from './database-server.ts'

/** The tables that Laravel's and Passport's migrations create, with the types of each database. */
const SCHEMAS = {
  mysql: `
    create table users (id bigint unsigned not null auto_increment primary key, name varchar(255) not null, email varchar(255) not null unique, email_verified_at timestamp null, password varchar(255) not null, remember_token varchar(100), created_at timestamp null, updated_at timestamp null);
    create table oauth_clients (id char(36) not null primary key, owner_type varchar(255), owner_id bigint unsigned, name varchar(255) not null, secret varchar(255), provider varchar(255), redirect_uris text not null, grant_types text not null, revoked tinyint(1) not null, created_at timestamp null, updated_at timestamp null);
    create table oauth_access_tokens (id char(80) not null primary key, user_id bigint unsigned, client_id char(36) not null, name varchar(255), scopes text, revoked tinyint(1) not null, created_at timestamp null, updated_at timestamp null, expires_at datetime);
    create table oauth_refresh_tokens (id char(80) not null primary key, access_token_id char(80) not null, revoked tinyint(1) not null, expires_at datetime)`,
  postgres: `
    create table users (id bigserial primary key, name varchar(255) not null, email varchar(255) not null unique, email_verified_at timestamp(0), password varchar(255) not null, remember_token varchar(100), created_at timestamp(0), updated_at timestamp(0));
    create table oauth_clients (id uuid primary key, owner_type varchar(255), owner_id bigint, name varchar(255) not null, secret varchar(255), provider varchar(255), redirect_uris text not null, grant_types text not null, revoked boolean not null, created_at timestamp(0), updated_at timestamp(0));
    create table oauth_access_tokens (id char(80) primary key, user_id bigint, client_id uuid not null, name varchar(255), scopes text, revoked boolean not null, created_at timestamp(0), updated_at timestamp(0), expires_at timestamp(0));
    create table oauth_refresh_tokens (id char(80) primary key, access_token_id char(80) not null, revoked boolean not null, expires_at timestamp(0))`,
} as const

const TABLES = ['users', 'oauth_clients', 'oauth_access_tokens', 'oauth_refresh_tokens'] as const

/** Copies the SQLite file of a Laravel app with Passport 13 to another database. */
export async function copyLaravel(
  file: string,
  kind: keyof typeof SCHEMAS,
  target: TestDatabase,
): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true })
  // The dump and the import read times in UTC.
  if (kind === 'mysql') await target.query("set time_zone = '+00:00'")
  await target.query(SCHEMAS[kind])
  for (const table of TABLES) {
    const rows = source.prepare(`select * from ${table}`).all()
    const values = rows.map((row) => valuesOf(row, kind)).join(', ')
    await target.query(`insert into ${table} (${Object.keys(rows[0] ?? {}).join(', ')}) values ${values}`)
  }
  source.close()
}

function valuesOf(row: Readonly<Record<string, SQLOutputValue>>, kind: keyof typeof SCHEMAS): string {
  const values = Object.entries(row).map(([column, value]) => {
    if (value === null || value instanceof Uint8Array) return 'null'
    if (column === 'revoked') return value === 1 ? 'true' : 'false'
    const text = String(value).replaceAll("'", "''")
    return `'${kind === 'mysql' ? text.replaceAll('\\', '\\\\') : text}'`
  })
  return `(${values.join(', ')})`
}
