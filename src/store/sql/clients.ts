import { sql } from 'kysely'
import type { Insertable, RawBuilder, Selectable } from 'kysely'
import { ConfigError } from '../../errors.ts'
import type { Client, ClientChanges, ClientSecret } from '../../model/client.ts'
import type { JsonObject } from '../../lib/json-value.ts'
import { originOf } from '../../model/redirect-uri.ts'
import type { ClientListOptions, ClientStore, OwnerLimits } from '../clients.ts'
import { fromFlag, fromJson, numberOrNull, toFlag, toJson, type AnyInteger } from './columns.ts'
import { createEpochCounters, NO_SUBJECT } from './epochs.ts'
import { pageLimit } from './paging.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { QueryRunner, Database } from './database.ts'
import type { ClientTable } from './tables.ts'

export function createClientStore(database: Database): ClientStore {
  const { db, dialect, first, all, transaction } = database
  const counters = createEpochCounters(database)
  const insert = prepareInsert(db, 'consulate_clients')
  const find = prepare(({ id }: { id: string }) => selectClients(database).where('id', '=', id))
  const findOrigin = prepareFindOrigin(database)
  const read = async (queries: QueryRunner, id: string): Promise<Client | undefined> => {
    const row = await queries.first(find({ id }))
    return row && toClient(row)
  }
  const checkLimits = async (queries: QueryRunner, { ownerId }: Client, limits: OwnerLimits) => {
    // Locked, so that parallel registrations of one owner count each other.
    await counters.lock(queries, 'user', ownerId ?? '')
    const { user } = await counters.read(queries, ownerId ?? '', NO_SUBJECT)
    if (user !== limits.userEpoch) return 'revoked'
    const { active, recent } = await countClients(database, queries, ownerId ?? '', limits)
    if (active >= limits.active) return 'full'
    return recent >= limits.recent ? 'throttled' : undefined
  }
  return {
    insert: (client, limits) =>
      transaction('durable', async (queries) => {
        const refusal = limits && (await checkLimits(queries, client, limits))
        if (refusal) return refusal
        await queries.execute(insert(toRow(client)))
        await counters.insert(queries, 'client', client.id)
        await writeOrigins(database, queries, client.id, client.redirectUris)
        return 'inserted'
      }).catch((error: unknown) => {
        if (!dialect.isUniqueViolation(error)) throw error
        throw new Error(`The client ID ${client.id} is taken`, { cause: error })
      }),
    find: (id) => read(database, id),
    async findMany(ids) {
      const found: Client[] = []
      for (let start = 0; start < ids.length; start += MAX_IDS) {
        const batch = ids.slice(start, start + MAX_IDS)
        const rows = await all(selectClients(database).where('id', 'in', batch).compile())
        found.push(...rows.map(toClient))
      }
      return found
    },
    list: async (options) => (await all(buildList(database, options).compile())).map(toClient),
    update: (id, changes) =>
      transaction('durable', async (queries) => {
        await queries.first(buildLock(database, id).compile())
        const current = await read(queries, id)
        if (!current) return undefined
        const change = typeof changes === 'function' ? changes(current) : changes
        await queries.execute(buildUpdate(database, id, change).compile())
        if (change.redirectUris) await writeOrigins(database, queries, id, change.redirectUris)
        return read(queries, id)
      }),
    isPublicOrigin: async (origin) => (await first(findOrigin({ origin }))) !== undefined,
  }
}

/** The most ids in one query: databases limit the number of parameters. */
const MAX_IDS = 500

const selectClients = ({ db }: Database) =>
  db
    .selectFrom('consulate_clients')
    .leftJoin('consulate_epochs', (join) =>
      join.onRef('subject', '=', 'consulate_clients.id').on('kind', '=', 'client'),
    )
    .selectAll('consulate_clients')
    .select('epoch')

function buildList(database: Database, options: ClientListOptions = {}) {
  const { limit, after, ownerId, isActive = false } = options
  if ('ownerId' in options && typeof ownerId !== 'string') throw new ConfigError([MISSING_OWNER])
  return selectClients(database)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .$if(ownerId !== undefined, (query) => query.where('owner_id', '=', ownerId ?? ''))
    .$if(isActive, (query) => query.where('revoked_at', 'is', null))
    .orderBy('id')
    .limit(pageLimit(limit))
}

/** An unknown owner must not list the clients of all. */
const MISSING_OWNER = { path: 'ownerId', message: 'must be a string, or left out to list all clients' }

async function countClients({ db }: Database, queries: QueryRunner, ownerId: string, { since }: OwnerLimits) {
  const count = (condition: RawBuilder<unknown>) =>
    sql<AnyInteger>`sum(case when ${condition} then 1 else 0 end)`
  const query = db
    .selectFrom('consulate_clients')
    .select([count(sql`revoked_at is null`).as('active'), count(sql`created_at > ${since}`).as('recent')])
    .where('owner_id', '=', ownerId)
  const row = await queries.first(query.compile())
  return { active: Number(row?.active ?? 0), recent: Number(row?.recent ?? 0) }
}

/** Sets the id to itself as well, because an update must set something even if nothing changes. */
const buildUpdate = ({ db }: Database, id: string, changes: ClientChanges) =>
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
      introspects: flagOrUndefined(changes.introspects),
      logo: changes.logo,
      homepage: changes.homepage,
      privacy: changes.privacy,
      terms: changes.terms,
      publisher: changes.publisher,
      grace_window: changes.graceWindow,
      access_token_lifetime: changes.accessTokenLifetime,
      refresh_token_lifetime: changes.refreshTokenLifetime,
      refresh_token_maximum_lifetime: changes.refreshTokenMaximumLifetime,
      fields: changes.fields && toJson(changes.fields),
    })
    .where('id', '=', id)

const flagOrUndefined = (value: boolean | undefined) => (value === undefined ? undefined : toFlag(value))

/** Keeps the client from changing between the read and the update. */
const buildLock = ({ db, dialect: { clauses } }: Database, id: string) =>
  db.selectFrom('consulate_clients').select('id').where('id', '=', id).modifyEnd(sql.raw(clauses.forUpdate))

const readSecrets = (text: string): readonly ClientSecret[] => JSON.parse(text) as ClientSecret[]

const prepareFindOrigin = ({ db }: Database) =>
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
  { db }: Database,
  queries: QueryRunner,
  id: string,
  uris: readonly string[],
): Promise<void> {
  await queries.execute(db.deleteFrom('consulate_client_origins').where('client_id', '=', id).compile())
  const origins = new Set(uris.map(originOf).filter(canExist))
  if (origins.size === 0) return
  const rows = [...origins].map((origin) => ({ origin, client_id: id }))
  await queries.execute(db.insertInto('consulate_client_origins').values(rows).compile())
}

/** No host name has more than 253 characters, and databases can index only so many. */
const canExist = (origin: string | undefined): origin is string =>
  origin !== undefined && origin.length <= 300

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
  introspects: toFlag(client.introspects),
  grace_window: client.graceWindow,
  access_token_lifetime: client.accessTokenLifetime,
  refresh_token_lifetime: client.refreshTokenLifetime,
  refresh_token_maximum_lifetime: client.refreshTokenMaximumLifetime,
  fields: toJson(client.fields),
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
  introspects: fromFlag(row.introspects),
  graceWindow: numberOrNull(row.grace_window),
  accessTokenLifetime: numberOrNull(row.access_token_lifetime),
  refreshTokenLifetime: numberOrNull(row.refresh_token_lifetime),
  refreshTokenMaximumLifetime: numberOrNull(row.refresh_token_maximum_lifetime),
  fields: row.fields === null ? {} : (JSON.parse(row.fields) as JsonObject),
  epoch: Number(row.epoch ?? 0),
  createdAt: Number(row.created_at),
  revokedAt: numberOrNull(row.revoked_at),
})
