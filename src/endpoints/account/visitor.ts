import type { Session } from '../../model/session.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'

/** Who is signed in in the browser that a request came from. */
export interface Visitor {
  readonly session: Session
  readonly user: BaseUser
}

/** The person of a provider who is signed in; undefined for guests, and for who was disabled since. */
export async function findVisitor(exchange: Exchange, provider: string): Promise<Visitor | undefined> {
  const { sessions, people, subjectOf } = exchange.services
  const session = await sessions.current(exchange.request, provider)
  const user = session && (await people.find(session))
  if (!session || !user) return undefined
  exchange.auditFields.sub = subjectOf(session)
  return { session, user }
}
