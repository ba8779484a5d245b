/** express-oauth2-jwt-bearer with a local public key, which verifies every request with jose and checks the scope. */
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { CLIENT } from '../floors/parts/requests.ts'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { startExpress } from './parts/express.ts'

export const start: Start = () =>
  startExpress(
    'ES256, Express',
    auth({
      issuer: ISSUER,
      audience: API,
      publicKey: { ...publicKey.export({ format: 'jwk' }), alg: 'ES256' },
      tokenSigningAlg: 'ES256',
    }),
    requiredScopes(CLIENT.scope),
  )
