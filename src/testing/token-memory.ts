import type { TokenVerifier } from '../guard/token.ts'
import { createAccessToken, type AccessTokenSubject } from '../issuance/access-token.ts'
import { systemClock } from '../lib/clock.ts'
import { randomBase64url } from '../lib/hash.ts'
import { ZERO_EPOCHS } from '../model/epochs.ts'

/** The issuer of test tokens. The name can never exist (RFC 6761 section 6.2). */
export const TEST_ISSUER = 'https://issuer.test'

/** The subject of a test token. */
export interface TestSubject extends Pick<AccessTokenSubject, 'sub' | 'clientId' | 'scopes' | 'claims'> {
  readonly user?: { readonly provider: string; readonly sessionId: string | undefined }
}

/** Creates tokens and verifies them. */
export interface TokenMemory extends TokenVerifier {
  create(subject: TestSubject): string
}

const LIFETIME = 900_000
const KID = 'memory'

/**
 * Creates an empty memory. The code of real tokens makes the claims, but nothing is signed: a token is a random string and
 * its claims stay here. So no other guard can accept it.
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
    create({ user, ...subject }) {
      const defaults = { resources: [], epochs: ZERO_EPOCHS, lifetime: LIFETIME }
      if (!user) return createAccessToken(context, { ...defaults, ...subject }).token
      const { provider, sessionId = null } = user
      const details = { provider, sessionId, authorizationId: randomBase64url(16) }
      return createAccessToken(context, { ...defaults, ...subject, user: details }).token
    },
    async verify(token) {
      const claims = claimsByToken.get(token)
      return claims && { payload: { ...claims }, kid: KID }
    },
    isTrusted: (kid) => kid === KID,
  }
}
