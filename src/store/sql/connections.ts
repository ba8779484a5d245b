import { sql } from 'kysely'
import type { ExpressionBuilder, ExpressionWrapper, RawBuilder, SqlBool } from 'kysely'
import type { Connection, ConnectionStore } from '../connections.ts'
import { toAuthorization } from './authorizations.ts'
import { fromJson, numberOrNull, type AnyInteger } from './columns.ts'
import { NO_SCOPE } from './consents.ts'
import type { Database } from './database.ts'
import { createDisconnect } from './disconnect.ts'
import { prepare } from './prepare.ts'
import type { Tables } from './tables.ts'

/** Whose connected apps are read, and when. */
interface Owner {
  readonly provider: string
  readonly userId: string
  readonly now: number
}

export function createConnectionStore(database: Database): ConnectionStore {
  const { all } = database
  const sumUp = prepareSummary(database)
  const listConsents = prepareListConsents(database)
  const listAuthorizations = prepareListAuthorizations(database)
  return {
    async list({ provider, userId }, now) {
      const owner = { provider, userId, now }
      const [summaries, consents] = [await all(sumUp(owner)), await all(listConsents(owner))]
      const clientIds = new Set([...summaries, ...consents].map(({ client_id: id }) => id))
      const [summariesById, consentsById] = [groupByClient(summaries), groupByClient(consents)]
      return [...clientIds]
        .map((id) => toConnection(id, summariesById.get(id) ?? [], consentsById.get(id) ?? []))
        .filter(({ authorizations, consent }) => authorizations > 0 || consent !== undefined)
    },
    listAuthorizations: async ({ provider, userId }, now, limit) =>
      (await all(listAuthorizations({ provider, userId, now, limit }))).map(toAuthorization),
    disconnect: createDisconnect(database),
  }
}

/** The unrevoked authorizations of a client with the same scopes and resources. */
interface SummaryRow {
  readonly client_id: string
  readonly scopes: string
  readonly resources: string
  /** The first live one; null if none is live. */
  readonly first: AnyInteger | null
  readonly last_used_at: AnyInteger
  /** The number of live ones. */
  readonly live: AnyInteger
}

interface ConsentRow {
  readonly client_id: string
  readonly scope: string
  readonly given_at: AnyInteger
}

function groupByClient<Row extends { readonly client_id: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(row.client_id, [...(groups.get(row.client_id) ?? []), row])
  return groups
}

function toConnection(
  clientId: string,
  summaries: readonly SummaryRow[],
  consents: readonly ConsentRow[],
): Connection {
  const live = summaries.filter((row) => Number(row.live) > 0)
  const times = [...live.map(({ first }) => first), ...consents.map((row) => row.given_at)].map(Number)
  const uses = summaries.map((row) => Number(row.last_used_at))
  return {
    clientId,
    grants: live.map(({ scopes, resources }) => ({
      scopes: fromJson(scopes),
      resources: fromJson(resources),
    })),
    consent:
      consents.length === 0
        ? undefined
        : consents.map(({ scope }) => scope).filter((scope) => scope !== NO_SCOPE),
    connectedAt: Math.min(...times),
    lastUsedAt: uses.length === 0 ? null : numberOrNull(Math.max(...uses)),
    authorizations: live.reduce((sum, row) => sum + Number(row.live), 0),
  }
}

/** Sums up in the database: a user can have thousands of authorizations of one client. */
const prepareSummary = (database: Database) =>
  prepare(({ provider, userId, now }: Owner) =>
    database.db
      .selectFrom('consulate_authorizations')
      .select((eb) => [
        'client_id',
        'scopes',
        'resources',
        eb.fn.max('last_used_at').as('last_used_at'),
        eb.fn.min(eb.case().when(isLive(now)(eb)).then(eb.ref('created_at')).end()).as('first'),
        eb.fn.sum(eb.case().when(isLive(now)(eb)).then(sql.lit(1)).else(sql.lit(0)).end()).as('live'),
      ])
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where(({ exists }) => exists(selectClient(database, CLIENT_OF_AUTHORIZATION)))
      .groupBy(['client_id', 'scopes', 'resources']),
  )

const prepareListConsents = (database: Database) =>
  prepare(({ provider, userId }: Owner) =>
    database.db
      .selectFrom('consulate_consents')
      .select(['client_id', 'scope', 'given_at'])
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where(({ exists }) => exists(selectClient(database, CLIENT_OF_CONSENT)))
      .orderBy('client_id')
      .orderBy('scope'),
  )

const prepareListAuthorizations = (database: Database) =>
  prepare(({ provider, userId, now, limit }: Owner & { readonly limit: number }) =>
    database.db
      .selectFrom('consulate_authorizations')
      .selectAll()
      .where('provider', '=', provider)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where(isLive(now))
      .where(({ exists }) => exists(selectThirdParty(database)))
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(limit),
  )

const isLive =
  (now: number) =>
  (
    eb: ExpressionBuilder<Tables, 'consulate_authorizations'>,
  ): ExpressionWrapper<Tables, 'consulate_authorizations', SqlBool> =>
    eb.or([eb('expires_at', '>', now), eb('access_expires_at', '>', now)])

/** Selects the client of a row, unless it is revoked. Correlated: a list of all clients would be read in full. */
const selectClient = ({ db }: Database, reference: RawBuilder<string>) =>
  db
    .selectFrom('consulate_clients')
    .select('consulate_clients.id')
    .where('consulate_clients.id', '=', reference)
    .where('consulate_clients.revoked_at', 'is', null)

const CLIENT_OF_AUTHORIZATION = sql.ref<string>('consulate_authorizations.client_id')
const CLIENT_OF_CONSENT = sql.ref<string>('consulate_consents.client_id')

const selectThirdParty = (database: Database) =>
  selectClient(database, CLIENT_OF_AUTHORIZATION).where((eb) =>
    eb.or([eb('is_third_party', '=', 1), eb('owner_id', 'is not', null)]),
  )
