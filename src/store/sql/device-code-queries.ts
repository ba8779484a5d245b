import { sql } from 'kysely'
import type { DeviceClaim, DeviceDecision } from '../../model/device-code.ts'
import { prepare } from './prepared.ts'
import type { Sql } from './queries.ts'

/** Every query is for one device code. */
interface OfCode {
  readonly hash: string
}

interface AtTime extends OfCode {
  readonly now: number
}

/** The queries for device codes; each change is one statement with its condition, so that of any number of racers one wins. */
export const prepareDeviceCodeQueries = (database: Sql) => ({
  find: prepare(({ hash }: OfCode) => selectCodes(database).where('hash', '=', hash)),
  lock: prepare(({ hash }: OfCode) =>
    selectCodes(database).where('hash', '=', hash).modifyEnd(sql.raw(database.dialect.phrases.forUpdate)),
  ),
  claim: prepareClaim(database),
  release: prepareRelease(database),
  decide: prepare(({ hash, now, sessionId, decision }: AtTime & Answer) =>
    updatePending(database, { hash, now }).set({ decision }).where('session_id', '=', sessionId),
  ),
  notePoll: prepare(({ hash, now, interval }: AtTime & { readonly interval: number }) =>
    database.db
      .updateTable('consulate_device_codes')
      .set({ last_polled_at: now, poll_interval: interval })
      .where('hash', '=', hash),
  ),
  spend: prepare(({ authorizationId, hash, now }: AtTime & { readonly authorizationId: string }) =>
    updateLive(database, { hash, now })
      .set({ spent_at: now })
      .where('decision', '=', 'approved')
      .where('authorization_id', '=', authorizationId),
  ),
})

interface Answer {
  readonly sessionId: string
  readonly decision: DeviceDecision
}

const selectCodes = ({ db }: Sql) => db.selectFrom('consulate_device_codes').selectAll()

const updateLive = ({ db }: Sql, { hash, now }: AtTime) =>
  db
    .updateTable('consulate_device_codes')
    .where('hash', '=', hash)
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)

const updatePending = (database: Sql, code: AtTime) =>
  updateLive(database, code).where('decision', 'is', null)

const prepareClaim = (database: Sql) =>
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

const prepareRelease = ({ db }: Sql) =>
  prepare(({ hash, sessionId }: OfCode & { readonly sessionId: string }) =>
    db
      .updateTable('consulate_device_codes')
      .set({ provider: null, user_id: null, session_id: null, user_epoch: null })
      .where('hash', '=', hash)
      .where('session_id', '=', sessionId)
      .where('decision', 'is', null),
  )
