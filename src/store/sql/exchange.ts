import { sql } from 'kysely'
import type { Insertable } from 'kysely'
import type { CodeStore } from '../codes.ts'
import { toAuthorizationRow } from './authorizations.ts'
import { toFlag, type AnyInteger } from './columns.ts'
import type { Database } from './database.ts'
import { currentEpoch, currentIssuerEpoch } from './epochs.ts'
import { prepare, prepareInsert, type PreparedQuery } from './prepare.ts'
import type { AuthorizationTable } from './tables.ts'

type AuthorizationRow = Insertable<AuthorizationTable>

/** What must hold for a code to be spent. */
interface Conditions {
  readonly hash: string
  readonly now: number
  readonly authorizationId: string
  readonly clientId: string
  /** Empty if the authorization does not depend on a session. */
  readonly sessionId: string
  readonly userId: string
  readonly userMustExist: number
  readonly subject: string
  readonly issuerEpoch: number
  readonly clientEpoch: number
  readonly userEpoch: number
}

/**
 * Creates the exchange of a code for an authorization. The code is the only row that it locks: a revocation voids the codes of
 * its target before it revokes the authorizations, so either it waits for the exchange and finds the authorization, or the
 * exchange finds the code voided. Exchanges of different codes never wait for each other.
 */
export function createExchange(database: Database): CodeStore['exchange'] {
  const exchange = database.dialect.hasWritableCtes ? inOneStatement(database) : inTwoStatements(database)
  return (hash, authorization, subject, now, { userMustExist = false } = {}) => {
    const { id, clientId, sessionId, userId, epochs } = authorization
    const conditions: Conditions = {
      hash,
      now,
      authorizationId: id,
      clientId,
      sessionId: sessionId ?? '',
      userId,
      userMustExist: toFlag(userMustExist),
      subject,
      issuerEpoch: epochs.issuer,
      clientEpoch: epochs.client,
      userEpoch: epochs.user,
    }
    return exchange(conditions, toAuthorizationRow(authorization))
  }
}

type Exchange = (conditions: Conditions, row: AuthorizationRow) => Promise<boolean>

function inTwoStatements({ db, changeBoth }: Database): Exchange {
  const spend = prepare((conditions: Conditions) => buildSpend(db, conditions))
  const insert = prepareInsert(db, 'consulate_authorizations')
  return (conditions, row) => changeBoth(spend(conditions), insert(row))
}

function inOneStatement({ db, change }: Database): Exchange {
  let statement: PreparedQuery<Conditions & AuthorizationRow, unknown> | undefined
  return (conditions, row) => {
    const columns = Object.keys(row) as (keyof AuthorizationRow)[]
    statement ??= prepare((given) =>
      db
        .with('spent', (queries) => buildSpend(queries, given).returning('hash'))
        .insertInto('consulate_authorizations')
        .columns(columns)
        .expression((eb) =>
          eb.selectFrom('spent').select(columns.map((column) => eb.val(given[column]).as(column))),
        ),
    )
    return change(statement({ ...conditions, ...row }))
  }
}

/** One statement with all conditions, so that exactly one of any number of concurrent calls spends the code. */
const buildSpend = (db: Pick<Database['db'], 'updateTable'>, conditions: Conditions) =>
  db
    .updateTable('consulate_codes')
    .set({ spent_at: conditions.now })
    .where('hash', '=', conditions.hash)
    .where('authorization_id', '=', conditions.authorizationId)
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', conditions.now)
    .where((eb) => {
      const { and, exists, or, selectFrom, val } = eb
      const { clientId, sessionId, userId, userMustExist, subject } = conditions
      const isUnrevoked = (table: 'consulate_clients' | 'consulate_sessions', id: string) =>
        exists(selectFrom(table).select('id').where('id', '=', id).where('revoked_at', 'is', null))
      const user = selectFrom('consulate_users').select('id').where('id', '=', userId)
      return and([
        isUnrevoked('consulate_clients', clientId),
        or([sql<boolean>`${sessionId} = ''`, isUnrevoked('consulate_sessions', sessionId)]),
        or([sql<boolean>`${userMustExist} = 0`, exists(user.where('disabled_at', 'is', null))]),
        eb(val<AnyInteger>(conditions.issuerEpoch), '>=', currentIssuerEpoch()),
        eb(val<AnyInteger>(conditions.clientEpoch), '>=', currentEpoch('client', val(clientId))),
        eb(val<AnyInteger>(conditions.userEpoch), '>=', currentEpoch('user', val(subject))),
      ])
    })
