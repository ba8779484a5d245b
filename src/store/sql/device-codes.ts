import { isTooSoon, SLOW_DOWN_INCREMENT } from '../../model/device-code.ts'
import type { DeviceCode } from '../../model/device-code.ts'
import type { DeviceCodeStore } from '../contract.ts'
import { createBirths } from './births.ts'
import { prepareDeviceCodeQueries } from './device-code-queries.ts'
import { toDeviceCode, toDeviceCodeRow } from './device-code-rows.ts'
import { createLiveness, createRowLiveness } from './liveness.ts'
import { prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'

/** Device codes in a database. */
export function createDeviceCodeStore(database: Sql): DeviceCodeStore {
  const { first, change, transact } = database
  const queries = prepareDeviceCodeQueries(database)
  const isSessionLive = createRowLiveness(database, 'sessions')
  return {
    insert: createInsert(database),
    async find(hash) {
      const row = await first(queries.find({ hash }))
      return row && toDeviceCode(row)
    },
    findByUserCode: (hashes) => findByUserCode(database, hashes),
    claim: (hash, claim, now) =>
      transact('relaxed', async (within) => {
        if (!(await isSessionLive(within, claim.sessionId))) return false
        return (await within.change(queries.claim({ ...claim, hash, now }))) === 1
      }),
    releaseClaim: async (hash, sessionId) => (await change(queries.release({ hash, sessionId }))) === 1,
    decide: createDecide(database, queries),
    poll: createPoll(database, queries),
    exchange: createExchange(database, queries),
  }
}

type DeviceCodeQueries = ReturnType<typeof prepareDeviceCodeQueries>

function createInsert(database: Sql): DeviceCodeStore['insert'] {
  const { db, dialect, transact } = database
  const isLive = createLiveness(database)
  const insert = prepareInsert(db, 'consulate_device_codes')
  return async (code) => {
    try {
      return await transact('relaxed', async (within) => {
        if (!(await isLive(within, { ...tiesOf(code, 0), subject: null, sessionId: null }))) return 'revoked'
        await within.change(insert(toDeviceCodeRow(code)))
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
  { db, first }: Sql,
  hashes: readonly string[],
): Promise<DeviceCode | undefined> {
  if (hashes.length === 0) return undefined
  const find = db.selectFrom('consulate_device_codes').selectAll().where('user_code_hash', 'in', hashes)
  const row = await first(find.compile())
  return row && toDeviceCode(row)
}

const tiesOf = ({ issuerEpoch, clientEpoch, clientId }: DeviceCode, userEpoch: number) => ({
  epochs: { issuer: issuerEpoch, client: clientEpoch, user: userEpoch },
  clientId,
})

function createDecide(database: Sql, queries: DeviceCodeQueries): DeviceCodeStore['decide'] {
  const isLive = createLiveness(database)
  return (hash, { sessionId, decision, subject }, now) =>
    database.transact('relaxed', async (within) => {
      // Not locked yet: what the decision hangs on is locked before it. The update looks at the row again.
      const row = await within.first(queries.find({ hash }))
      const code = row && toDeviceCode(row)
      if (!code?.claim) return false
      const ties = { ...tiesOf(code, code.claim.userEpoch), subject, sessionId }
      if (!(await isLive(within, ties))) return false
      return (await within.change(queries.decide({ hash, now, sessionId, decision }))) === 1
    })
}

/** Locks the code, so that of parallel polls each sees the one before. */
const createPoll =
  ({ transact }: Sql, queries: DeviceCodeQueries): DeviceCodeStore['poll'] =>
  (hash, now) =>
    transact('relaxed', async (within) => {
      const row = await within.first(queries.lock({ hash }))
      const code = row && toDeviceCode(row)
      if (!code || isAnswered(code, now)) return 'done'
      const answer = isTooSoon(code, now) ? 'slow_down' : 'pending'
      const interval = answer === 'slow_down' ? code.interval + SLOW_DOWN_INCREMENT : code.interval
      await within.change(queries.notePoll({ hash, now, interval }))
      return answer
    })

const isAnswered = ({ decision, spentAt, voidedAt, expiresAt }: DeviceCode, now: number): boolean =>
  decision !== null || spentAt !== null || voidedAt !== null || expiresAt <= now

function createExchange(database: Sql, queries: DeviceCodeQueries): DeviceCodeStore['exchange'] {
  const births = createBirths(database)
  return (hash, authorization, subject, now, session) => {
    const birth = { authorization, subject, clientId: authorization.clientId, session }
    return database.transact('relaxed', async (within) => {
      if (!(await births.isLive(within, birth))) return false
      const spent = await within.change(queries.spend({ hash, now, authorizationId: authorization.id }))
      if (spent === 0) return false
      await births.write(within, birth)
      return true
    })
  }
}
