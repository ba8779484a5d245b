import type { Insertable, Selectable } from 'kysely'
import type { AuthorizationCode } from '../../model/code.ts'
import type { CodeStore } from '../codes.ts'
import { fromFlag, fromJson, numberOrNull, toFlag, toJson } from './columns.ts'
import { createDependencyLock } from './dependencies.ts'
import { createExchange } from './exchange.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { Database } from './database.ts'
import type { CodeTable } from './tables.ts'

export function createCodeStore(database: Database): CodeStore {
  const { db, dialect, first, execute, transaction } = database
  const lockDependencies = createDependencyLock(database)
  const insert = prepareInsert(db, 'consulate_codes')
  const find = prepare(({ hash }: { hash: string }) =>
    db.selectFrom('consulate_codes').selectAll().where('hash', '=', hash),
  )
  const spend = prepareSpend(database)
  return {
    insert: (code, subject) =>
      transaction('relaxed', async (queries) => {
        if (!(await lockDependencies(queries, { ...code, subject }))) return 'revoked'
        await queries.execute(insert(toRow(code)))
        return 'inserted'
      }).catch((error: unknown) => {
        if (dialect.isUniqueViolation(error)) return 'exists'
        throw error
      }),
    async find(hash) {
      const row = await first(find({ hash }))
      return row && toCode(row)
    },
    spend: async (hash, now) => (await execute(spend({ hash, now }))) === 1,
    exchange: createExchange(database),
  }
}

const prepareSpend = ({ db }: Database) =>
  prepare(({ hash, now }: { hash: string; now: number }) =>
    db
      .updateTable('consulate_codes')
      .set({ spent_at: now })
      .where('hash', '=', hash)
      .where('spent_at', 'is', null)
      .where('voided_at', 'is', null)
      .where('expires_at', '>', now),
  )

const toRow = (code: AuthorizationCode): Insertable<CodeTable> => ({
  hash: code.hash,
  authorization_id: code.authorizationId,
  client_id: code.clientId,
  provider: code.provider,
  user_id: code.userId,
  session_id: code.sessionId,
  ends_with_session: toFlag(code.endsWithSession),
  redirect_uri: code.redirectUri,
  is_redirect_uri_required: toFlag(code.isRedirectUriRequired),
  scopes: toJson(code.scopes),
  resources: toJson(code.resources),
  code_challenge: code.codeChallenge,
  issuer_epoch: code.epochs.issuer,
  client_epoch: code.epochs.client,
  user_epoch: code.epochs.user,
  created_at: code.createdAt,
  expires_at: code.expiresAt,
  spent_at: code.spentAt,
  voided_at: code.voidedAt,
})

const toCode = (row: Selectable<CodeTable>): AuthorizationCode => ({
  hash: row.hash,
  authorizationId: row.authorization_id,
  clientId: row.client_id,
  provider: row.provider,
  userId: row.user_id,
  sessionId: row.session_id,
  endsWithSession: fromFlag(row.ends_with_session),
  redirectUri: row.redirect_uri,
  isRedirectUriRequired: fromFlag(row.is_redirect_uri_required),
  scopes: fromJson(row.scopes),
  resources: fromJson(row.resources),
  codeChallenge: row.code_challenge,
  epochs: {
    issuer: Number(row.issuer_epoch),
    client: Number(row.client_epoch),
    user: Number(row.user_epoch),
  },
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
  spentAt: numberOrNull(row.spent_at),
  voidedAt: numberOrNull(row.voided_at),
})
