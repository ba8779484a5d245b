import { sql } from 'kysely'
import type { Insertable, Selectable } from 'kysely'
import { isTooSoon, SLOW_DOWN_INCREMENT } from '../../model/device-code.ts'
import type { DeviceClaim, DeviceCode, DeviceDecision } from '../../model/device-code.ts'
import type { DeviceCodeStore } from '../device-codes.ts'
import { createAuthorizationInserter } from './authorizations.ts'
import { fromJson, numberOrNull, toJson } from './columns.ts'
import type { Database } from './database.ts'
import { createDependencyLock, createRowLock } from './dependencies.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { DeviceCodeTable } from './tables.ts'

export function createDeviceCodeStore(database: Database): DeviceCodeStore {
  const { first, execute, transaction } = database
  const prepared = prepareQueries(database)
  const lockSession = createRowLock(database, 'sessions')
  return {
    insert: createInsert(database),
    async find(hash) {
      const row = await first(prepared.find({ hash }))
      return row && toDeviceCode(row)
    },
    findByUserCode: (hashes) => findByUserCode(database, hashes),
    claim: (hash, claim, now) =>
      transaction('relaxed', async (queries) => {
        if (!(await lockSession(queries, claim.sessionId))) return false
        return (await queries.execute(prepared.claim({ ...claim, hash, now }))) === 1
      }),
    releaseClaim: async (hash, sessionId) =>
      (await execute(prepared.releaseClaim({ hash, sessionId }))) === 1,
    decide: createDecide(database, prepared),
    poll: createPoll(database, prepared),
    exchange: createExchange(database, prepared),
  }
}

type PreparedQueries = ReturnType<typeof prepareQueries>

function createInsert(database: Database): DeviceCodeStore['insert'] {
  const { db, dialect, transaction } = database
  const lockDependencies = createDependencyLock(database)
  const insert = prepareInsert(db, 'consulate_device_codes')
  return async (code) => {
    try {
      return await transaction('relaxed', async (queries) => {
        const dependencies = { ...dependenciesOf(code, 0), subject: null, sessionId: null }
        if (!(await lockDependencies(queries, dependencies))) return 'revoked'
        await queries.execute(insert(toRow(code)))
        return 'inserted'
      })
    } catch (error) {
      const isTaken =
        dialect.isUniqueViolation(error) && (await findByUserCode(database, [code.userCodeHash]))
      if (isTaken) return 'taken'
      throw error
    }
  }
}

async function findByUserCode(
  { db, first }: Database,
  hashes: readonly string[],
): Promise<DeviceCode | undefined> {
  if (hashes.length === 0) return undefined
  const find = db.selectFrom('consulate_device_codes').selectAll().where('user_code_hash', 'in', hashes)
  const row = await first(find.compile())
  return row && toDeviceCode(row)
}

const dependenciesOf = ({ issuerEpoch, clientEpoch, clientId }: DeviceCode, userEpoch: number) => ({
  epochs: { issuer: issuerEpoch, client: clientEpoch, user: userEpoch },
  clientId,
})

function createDecide(database: Database, prepared: PreparedQueries): DeviceCodeStore['decide'] {
  const lockDependencies = createDependencyLock(database)
  return (hash, { sessionId, decision, subject, scopes }, now) =>
    database.transaction('relaxed', async (queries) => {
      // The code is not locked yet, because its dependencies are locked first. The update checks the row again.
      const row = await queries.first(prepared.find({ hash }))
      const code = row && toDeviceCode(row)
      if (!code?.claim) return false
      const dependencies = { ...dependenciesOf(code, code.claim.userEpoch), subject, sessionId }
      if (!(await lockDependencies(queries, dependencies))) return false
      const granted = toJson(scopes ?? code.scopes)
      return (
        (await queries.execute(prepared.decide({ hash, now, sessionId, decision, scopes: granted }))) === 1
      )
    })
}

/** Locks the code, so that each of several parallel polls sees the one before it. */
const createPoll =
  ({ transaction }: Database, prepared: PreparedQueries): DeviceCodeStore['poll'] =>
  (hash, { now, nodeId }) =>
    transaction('relaxed', async (queries) => {
      const row = await queries.first(prepared.lock({ hash }))
      const code = row && toDeviceCode(row)
      if (!code || !isPending(code, now)) return 'done'
      const result = isTooSoon(code, { now, nodeId }) ? 'slow_down' : 'pending'
      const interval = result === 'slow_down' ? code.interval + SLOW_DOWN_INCREMENT : code.interval
      await queries.execute(prepared.recordPoll({ hash, now, nodeId, interval }))
      return result
    })

const isPending = ({ decision, spentAt, voidedAt, expiresAt }: DeviceCode, now: number): boolean =>
  decision === null && spentAt === null && voidedAt === null && expiresAt > now

function createExchange(database: Database, prepared: PreparedQueries): DeviceCodeStore['exchange'] {
  const inserter = createAuthorizationInserter(database)
  return (hash, authorization, subject, now, session) => {
    const addition = { authorization, subject, clientId: authorization.clientId, session }
    return database.transaction('relaxed', async (queries) => {
      if (!(await inserter.lockDependencies(queries, addition))) return false
      const spent = await queries.execute(prepared.spend({ hash, now, authorizationId: authorization.id }))
      if (spent === 0) return false
      await inserter.insert(queries, addition)
      return true
    })
  }
}

interface ByHash {
  readonly hash: string
}

interface AtTime extends ByHash {
  readonly now: number
}

/** Every update is one statement with its conditions, so that exactly one of any number of concurrent calls succeeds. */
const prepareQueries = (database: Database) => ({
  find: prepare(({ hash }: ByHash) => selectDeviceCodes(database).where('hash', '=', hash)),
  lock: prepare(({ hash }: ByHash) =>
    selectDeviceCodes(database)
      .where('hash', '=', hash)
      .modifyEnd(sql.raw(database.dialect.clauses.forUpdate)),
  ),
  claim: prepareClaim(database),
  releaseClaim: prepareReleaseClaim(database),
  decide: prepare(({ hash, now, sessionId, decision, scopes }: AtTime & Answer) =>
    updatePending(database, { hash, now }).set({ decision, scopes }).where('session_id', '=', sessionId),
  ),
  recordPoll: prepare(({ hash, now, nodeId, interval }: RecordedPoll) =>
    database.db
      .updateTable('consulate_device_codes')
      .set({ last_polled_at: now, last_polled_by: nodeId, poll_interval: interval })
      .where('hash', '=', hash),
  ),
  spend: prepare(({ authorizationId, hash, now }: AtTime & { readonly authorizationId: string }) =>
    updateLive(database, { hash, now })
      .set({ spent_at: now })
      .where('decision', '=', 'approved')
      .where('authorization_id', '=', authorizationId),
  ),
})

interface RecordedPoll extends AtTime {
  readonly nodeId: string
  readonly interval: number
}

interface Answer {
  readonly sessionId: string
  readonly decision: DeviceDecision
  /** In JSON. */
  readonly scopes: string
}

const selectDeviceCodes = ({ db }: Database) => db.selectFrom('consulate_device_codes').selectAll()

const updateLive = ({ db }: Database, { hash, now }: AtTime) =>
  db
    .updateTable('consulate_device_codes')
    .where('hash', '=', hash)
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)

const updatePending = (database: Database, code: AtTime) =>
  updateLive(database, code).where('decision', 'is', null)

const prepareClaim = (database: Database) =>
  prepare(({ hash, now, provider, userId, sessionId, userEpoch }: AtTime & DeviceClaim) =>
    updatePending(database, { hash, now })
      .set({ provider, user_id: userId, session_id: sessionId, user_epoch: userEpoch })
      .where((eb) =>
        eb.or([
          eb('user_id', 'is', null),
          eb.and([eb('provider', '=', provider), eb('user_id', '=', userId)]),
        ]),
      ),
  )

const prepareReleaseClaim = ({ db }: Database) =>
  prepare(({ hash, sessionId }: ByHash & { readonly sessionId: string }) =>
    db
      .updateTable('consulate_device_codes')
      .set({ provider: null, user_id: null, session_id: null, user_epoch: null })
      .where('hash', '=', hash)
      .where('session_id', '=', sessionId)
      .where('decision', 'is', null),
  )

const toRow = (code: DeviceCode): Insertable<DeviceCodeTable> => ({
  hash: code.hash,
  user_code_hash: code.userCodeHash,
  authorization_id: code.authorizationId,
  client_id: code.clientId,
  scopes: toJson(code.scopes),
  resources: toJson(code.resources),
  address: code.address,
  issuer_epoch: code.issuerEpoch,
  client_epoch: code.clientEpoch,
  poll_interval: code.interval,
  last_polled_at: code.lastPolledAt,
  last_polled_by: code.lastPolledBy,
  provider: code.claim?.provider ?? null,
  user_id: code.claim?.userId ?? null,
  session_id: code.claim?.sessionId ?? null,
  user_epoch: code.claim?.userEpoch ?? null,
  decision: code.decision,
  created_at: code.createdAt,
  expires_at: code.expiresAt,
  spent_at: code.spentAt,
  voided_at: code.voidedAt,
})

const toDeviceCode = (row: Selectable<DeviceCodeTable>): DeviceCode => ({
  hash: row.hash,
  userCodeHash: row.user_code_hash,
  authorizationId: row.authorization_id,
  clientId: row.client_id,
  scopes: fromJson(row.scopes),
  resources: fromJson(row.resources),
  address: row.address,
  issuerEpoch: Number(row.issuer_epoch),
  clientEpoch: Number(row.client_epoch),
  interval: Number(row.poll_interval),
  lastPolledAt: numberOrNull(row.last_polled_at),
  lastPolledBy: row.last_polled_by,
  claim: toClaim(row),
  decision: row.decision as DeviceDecision | null,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
  spentAt: numberOrNull(row.spent_at),
  voidedAt: numberOrNull(row.voided_at),
})

/** The four columns of a claim are all null or all set. */
function toClaim({
  provider,
  user_id: userId,
  session_id: sessionId,
  user_epoch: userEpoch,
}: Selectable<DeviceCodeTable>): DeviceClaim | null {
  if (provider === null || userId === null || sessionId === null || userEpoch === null) return null
  return { provider, userId, sessionId, userEpoch: Number(userEpoch) }
}
