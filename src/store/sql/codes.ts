import type { Insertable, Selectable } from 'kysely'
import type { AuthorizationCode } from '../../model/code.ts'
import type { CodeStore } from '../contract.ts'
import { createBirths } from './births.ts'
import { fromFlag, fromJson, numberOrNull, toFlag, toJson } from './columns.ts'
import { createLiveness } from './liveness.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { CodeTable } from './tables.ts'

/** Authorization codes in a database. */
export function createCodeStore(database: Sql): CodeStore {
  const { db, dialect, first, change, transact } = database
  const births = createBirths(database)
  const isLive = createLiveness(database)
  const insert = prepareInsert(db, 'consulate_codes')
  const find = prepare(({ hash }: { hash: string }) =>
    db.selectFrom('consulate_codes').selectAll().where('hash', '=', hash),
  )
  const spend = prepare((slots: { hash: string; now: number }) => spendQuery(database, slots))
  const spendFor = prepare((slots: { hash: string; now: number; authorizationId: string }) =>
    spendQuery(database, slots).where('authorization_id', '=', slots.authorizationId),
  )
  return {
    insert: (code, subject) =>
      transact('relaxed', async (queries) => {
        if (!(await isLive(queries, { ...code, subject }))) return 'revoked'
        await queries.change(insert(toRow(code)))
        return 'inserted'
      }).catch((error: unknown) => {
        if (dialect.isUniqueViolation(error)) return 'exists'
        throw error
      }),
    async find(hash) {
      const row = await first(find({ hash }))
      return row && toCode(row)
    },
    spend: async (hash, now) => (await change(spend({ hash, now }))) === 1,
    exchange: (hash, authorization, subject, now) =>
      transact('relaxed', async (queries) => {
        const birth = { authorization, subject, clientId: authorization.clientId, session: undefined }
        if (!(await births.isLive(queries, birth))) return false
        const spent = await queries.change(spendFor({ hash, now, authorizationId: authorization.id }))
        if (spent === 0) return false
        await births.write(queries, birth)
        return true
      }),
  }
}

/** The condition and the mark are one statement, so that of any number of racers one wins. */
const spendQuery = ({ db }: Sql, { hash, now }: { hash: string; now: number }) =>
  db
    .updateTable('consulate_codes')
    .set({ spent_at: now })
    .where('hash', '=', hash)
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)

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
