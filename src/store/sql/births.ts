import type { Authorization } from '../../model/authorization.ts'
import type { Session } from '../../model/session.ts'
import { toAuthorizationRow } from './authorization-rows.ts'
import { createLiveness, tiesOfSession } from './liveness.ts'
import { prepareInsert } from './prepared.ts'
import type { Queries, Sql } from './queries.ts'
import { toSessionRow } from './session-rows.ts'

/** An authorization that is to begin. */
export interface Birth {
  readonly authorization: Authorization
  /** The `sub` of the person. */
  readonly subject: string
  /** The client that must live; null where it has none. */
  readonly clientId: string | null
  /** The session that begins with it; undefined where it has none, or one from before. */
  readonly session: Session | undefined
}

/** How authorizations begin. */
export interface Births {
  /** Whether everything lives that they hang on; and it cannot be revoked until the transaction ends. */
  isLive(queries: Queries, birth: Birth): Promise<boolean>
  /** Inserts the session and the authorization. */
  write(queries: Queries, birth: Birth): Promise<void>
}

/** Authorizations, and the sessions that begin with them, as they are inserted into a database. */
export function createBirths(database: Sql): Births {
  const isLive = createLiveness(database)
  const insertSession = prepareInsert(database.db, 'consulate_sessions')
  const insertAuthorization = prepareInsert(database.db, 'consulate_authorizations')
  return {
    async isLive(queries, { authorization: { epochs, sessionId }, subject, clientId, session }) {
      // What begins with it is not there yet, so it cannot be looked at.
      const olderSession = session?.id === sessionId ? null : sessionId
      if (!(await isLive(queries, { epochs, subject, clientId, sessionId: olderSession }))) return false
      return !session || isLive(queries, tiesOfSession(session, subject))
    },
    async write(queries, { authorization, session }) {
      if (session) await queries.change(insertSession(toSessionRow(session)))
      await queries.change(insertAuthorization(toAuthorizationRow(authorization)))
    },
  }
}
