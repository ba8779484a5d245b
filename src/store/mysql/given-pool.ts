import type { MysqlPool, PromisePool } from './driver.ts'
import type { OpenPool } from './pool.ts'
import { checkSession } from './session.ts'

/** Uses a pool that belongs to the app. */
export const openGivenPool = (given: MysqlPool | PromisePool): OpenPool => ({
  pool: 'pool' in given ? given.pool : given,
  prepare: checkSession,
  close: async () => undefined,
})
