import { sql } from 'kysely'
import type { Insertable, Selectable } from 'kysely'
import type { Client, ClientChanges, ClientSecret } from '../../model/client.ts'
import { originOf } from '../../model/redirect-uri.ts'
import type { ClientStore, ListOptions } from '../contract.ts'
import { fromFlag, fromJson, numberOrNull, toFlag, toJson } from './columns.ts'
import { createEpochCounters } from './epochs.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Queries, Sql } from './queries.ts'
import type { AnyInteger, ClientTable } from './tables.ts'

/** Clients in a database. */
export function createClientStore(database: Sql): ClientStore {
  const { db, dialect, first, all, transact } = database
  const counters = createEpochCounters(database)
  const insert = prepareInsert(db, 'consulate_clients')
  const find = prepare(({ id }: { id: string }) => selectClients(database).where('id', '=', id))
  const findOrigin = prepareOriginQuery(database)
  const read = async (queries: Queries, id: string): Promise<Client | undefined> => {
    const row = await queries.first(find({ id }))
    return row && toClient(row)
  }
  return {
    insert: (client) =>
      transact('durable', async (queries) => {
        await queries.change(insert(toRow(client)))
        await counters.start(queries, 'client', client.id)
        await writeOrigins(database, queries, client.id, client.redirectUris)
      }).catch((error: unknown) => {
        if (!dialect.isUniqueViolation(error)) throw error
        throw new Error(`There is a client ${client.id} already`, { cause: error })
      }),
    find: (id) => read(database, id),
    list: async (page) => (await all(listQuery(database, page).compile())).map(toClient),
    update: (id, changes) =>
      transact('durable', async (queries) => {
        await queries.first(lockQuery(database, id).compile())
        const current = await read(queries, id)
        if (!current) return undefined
        const change = typeof changes === 'function' ? changes(current) : changes
        await queries.change(updateQuery(database, id, change).compile())
        if (change.redirectUris) await writeOrigins(database, queries, id, change.redirectUris)
        return read(queries, id)
      }),
    isPublicOrigin: async (origin) => (await first(findOrigin({ origin }))) !== undefined,
  }
}

const selectClients = ({ db }: Sql) =>
  db
    .selectFrom('consulate_clients')
    .leftJoin('consulate_epochs', (join) =>
      join.onRef('subject', '=', 'consulate_clients.id').on('kind', '=', 'client'),
    )
    .selectAll('consulate_clients')
    .select('epoch')

const listQuery = (database: Sql, { limit = 100, after, ownerId }: ListOptions & { ownerId?: string } = {}) =>
  selectClients(database)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .$if(ownerId !== undefined, (query) => query.where('owner_id', '=', ownerId ?? ''))
    .orderBy('id')
    .limit(limit)

/** Sets the id to itself, so that there is something to set even where nothing changes. */
const updateQuery = ({ db }: Sql, id: string, changes: ClientChanges) =>
  db
    .updateTable('consulate_clients')
    .set({
      id,
      name: changes.name,
      secrets: changes.secrets && toJson(changes.secrets),
      redirect_uris: changes.redirectUris && toJson(changes.redirectUris),
      grant_types: changes.grantTypes && toJson(changes.grantTypes),
      scopes: changes.scopes && toJson(changes.scopes),
      requires_pkce: flagOrUndefined(changes.requiresPkce),
      skips_consent: flagOrUndefined(changes.skipsConsent),
      ends_with_session: flagOrUndefined(changes.endsWithSession),
      follows_revocations: flagOrUndefined(changes.followsRevocations),
      logo: changes.logo,
      homepage: changes.homepage,
      privacy: changes.privacy,
      terms: changes.terms,
      publisher: changes.publisher,
      grace_window: changes.graceWindow,
    })
    .where('id', '=', id)

const flagOrUndefined = (value: boolean | undefined) => (value === undefined ? undefined : toFlag(value))

/** Locks the client, so that it stays what it is until it is changed. */
const lockQuery = ({ db, dialect: { phrases } }: Sql, id: string) =>
  db.selectFrom('consulate_clients').select('id').where('id', '=', id).modifyEnd(sql.raw(phrases.forUpdate))

const readSecrets = (text: string): readonly ClientSecret[] => JSON.parse(text) as ClientSecret[]

const prepareOriginQuery = ({ db }: Sql) =>
  prepare(({ origin }: { origin: string }) =>
    db
      .selectFrom('consulate_client_origins')
      .innerJoin('consulate_clients', 'consulate_clients.id', 'client_id')
      .select(sql<number>`1`.as('found'))
      .where('origin', '=', origin)
      .where('type', '=', 'public')
      .where('revoked_at', 'is', null)
      .limit(1),
  )

async function writeOrigins(
  { db }: Sql,
  queries: Queries,
  id: string,
  uris: readonly string[],
): Promise<void> {
  await queries.change(db.deleteFrom('consulate_client_origins').where('client_id', '=', id).compile())
  const origins = new Set(uris.map(originOf).filter((origin) => origin !== undefined))
  if (origins.size === 0) return
  const rows = [...origins].map((origin) => ({ origin, client_id: id }))
  await queries.change(db.insertInto('consulate_client_origins').values(rows).compile())
}

const toRow = (client: Client): Insertable<ClientTable> => ({
  id: client.id,
  name: client.name,
  type: client.type,
  secrets: toJson(client.secrets),
  redirect_uris: toJson(client.redirectUris),
  grant_types: toJson(client.grantTypes),
  scopes: client.scopes && toJson(client.scopes),
  provider: client.provider,
  owner_id: client.ownerId,
  is_third_party: toFlag(client.isThirdParty),
  logo: client.logo,
  homepage: client.homepage,
  privacy: client.privacy,
  terms: client.terms,
  publisher: client.publisher,
  requires_pkce: toFlag(client.requiresPkce),
  skips_consent: toFlag(client.skipsConsent),
  ends_with_session: toFlag(client.endsWithSession),
  follows_revocations: toFlag(client.followsRevocations),
  grace_window: client.graceWindow,
  created_at: client.createdAt,
  revoked_at: client.revokedAt,
})

const toClient = (row: Selectable<ClientTable> & { epoch: AnyInteger | null }): Client => ({
  id: row.id,
  name: row.name,
  type: row.type as Client['type'],
  secrets: readSecrets(row.secrets),
  redirectUris: fromJson(row.redirect_uris),
  grantTypes: fromJson(row.grant_types),
  scopes: row.scopes === null ? null : fromJson(row.scopes),
  provider: row.provider,
  ownerId: row.owner_id,
  isThirdParty: fromFlag(row.is_third_party),
  logo: row.logo,
  homepage: row.homepage,
  privacy: row.privacy,
  terms: row.terms,
  publisher: row.publisher,
  requiresPkce: fromFlag(row.requires_pkce),
  skipsConsent: fromFlag(row.skips_consent),
  endsWithSession: fromFlag(row.ends_with_session),
  followsRevocations: fromFlag(row.follows_revocations),
  graceWindow: numberOrNull(row.grace_window),
  epoch: Number(row.epoch ?? 0),
  createdAt: Number(row.created_at),
  revokedAt: numberOrNull(row.revoked_at),
})
