import { hasCurrentEpochs } from '../../model/epochs.ts'
import type { RevocableToken } from '../../model/revocation.ts'
import type { RevocationStore } from '../revocations.ts'
import type { Database } from './database.ts'
import { isCounter, NO_SUBJECT, toEpochs } from './epochs.ts'
import { prepare } from './prepare.ts'

/** Checks a token with one query: the entries that revoke it, and the counters that can. */
export function createTokenCheck(database: Database): RevocationStore['isTokenRevoked'] {
  const { db, all } = database
  const find = prepare(({ id, authorizationId, sessionId, subject, clientId }: TokenParameters) =>
    db
      .selectFrom('consulate_revocations')
      .select(['kind', 'epoch'])
      .where((eb) =>
        eb.or([
          eb.and({ kind: 'token', subject: id }),
          eb.and({ kind: 'authorization', subject: authorizationId }),
          eb.and({ kind: 'session', subject: sessionId }),
        ]),
      )
      .unionAll(
        db.selectFrom('consulate_epochs').select(['kind', 'epoch']).where(isCounter(subject, clientId)),
      ),
  )
  return async (token) => {
    const rows = await all(find(toParameters(token)))
    return rows.some(({ kind }) => ENTRY_KINDS.has(kind)) || !hasCurrentEpochs(token.epochs, toEpochs(rows))
  }
}

const ENTRY_KINDS: ReadonlySet<string> = new Set(['token', 'authorization', 'session'])

type TokenParameters = Record<'id' | 'authorizationId' | 'sessionId' | 'subject' | 'clientId', string>

const toParameters = ({
  id,
  authorizationId,
  sessionId,
  subject,
  clientId,
}: RevocableToken): TokenParameters => ({
  id,
  authorizationId: authorizationId ?? NO_SUBJECT,
  sessionId: sessionId ?? NO_SUBJECT,
  subject: subject ?? NO_SUBJECT,
  clientId,
})
