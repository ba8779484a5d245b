import type { TokenVerifier } from '../guard/guard.ts'
import { createAccessToken, type AccessTokenSubject } from '../issuance/access-token.ts'
import { systemClock } from '../lib/clock.ts'
import { randomBase64url } from '../lib/hash.ts'
import { ZERO_EPOCHS } from '../model/epochs.ts'

/** The issuer of all that a guard for tests lets in. There is nobody of that name (RFC 6761 section 6.2). */
export const TEST_ISSUER = 'https://issuer.test'

/** Whom a token is for. */
export interface TestSubject extends Pick<AccessTokenSubject, 'sub' | 'clientId' | 'scopes'> {
  readonly user?: { readonly provider: string; readonly sessionId: string | undefined }
}

/** Makes tokens, and knows them again. */
export interface TokenMemory extends TokenVerifier {
  make(subject: TestSubject): string
}

const LIFETIME = 900_000
const KID = 'memory'

/**
 * Makes an empty memory. Its tokens tell what real ones do, by the code that makes those; but nobody signs them: they are
 * random texts, under which the claims are kept here. So no other guard can ever take one for a token.
 */
export function createTokenMemory(): TokenMemory {
  const claimsByToken = new Map<string, object>()
  const keys = {
    sign(_type: string, claims: object) {
      const token = randomBase64url(32)
      claimsByToken.set(token, claims)
      return token
    },
  }
  const context = { issuer: TEST_ISSUER, audience: TEST_ISSUER, keys, clock: systemClock }
  return {
    make({ user, ...subject }) {
      const usual = { resources: [], epochs: ZERO_EPOCHS, lifetime: LIFETIME }
      if (!user) return createAccessToken(context, { ...usual, ...subject }).token
      const { provider, sessionId = null } = user
      const whose = { user: { provider, sessionId, authorizationId: randomBase64url(16) } }
      return createAccessToken(context, { ...usual, ...subject, ...whose }).token
    },
    async verify(token) {
      const claims = claimsByToken.get(token)
      return claims && { payload: { ...claims }, kid: KID }
    },
    isTrusted: (kid) => kid === KID,
  }
}
