import type { MysqlPool } from './driver.ts'
import type { OpenPool } from './pool.ts'
import { checkSession } from './session.ts'

/** A pool of `mysql2/promise`, as far as it is used. */
export interface PromisePool {
  readonly pool: MysqlPool
}

/** Uses a pool that belongs to the app. */
export const openGivenPool = (given: MysqlPool | PromisePool): OpenPool => ({
  pool: 'pool' in given ? given.pool : given,
  prepare: checkSession,
  close: async () => undefined,
})
