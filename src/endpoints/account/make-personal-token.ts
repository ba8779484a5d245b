import type { MadePersonalToken, NoPersonalToken } from '../../personal-tokens/personal-tokens.ts'
import type { Wish } from '../../personal-tokens/wish.ts'
import type { Exchange } from '../endpoint.ts'
import type { Visitor } from './visitor.ts'

/**
 * Makes a personal access token for who is signed in, and for nobody else. It is born in the epochs of the session and
 * not in those of this moment: once the person was signed out everywhere, a request that was under way gets nothing.
 */
export function makePersonalToken(
  { services, requestId }: Exchange,
  { session, user }: Visitor,
  wish: Wish,
): Promise<MadePersonalToken | NoPersonalToken> {
  const ref = { provider: session.provider, userId: session.userId }
  const epochs = { issuer: session.issuerEpoch, client: 0, user: session.userEpoch }
  return services.personalTokens.create({ user, ref, epochs }, wish, requestId)
}
