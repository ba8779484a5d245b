/** express-jwt, which verifies every request with jsonwebtoken. */
import { expressjwt } from 'express-jwt'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { startExpress } from './parts/express.ts'

export const start: Start = () =>
  startExpress(
    'ES256, Express',
    // With the PEM string of its README instead of a KeyObject, jsonwebtoken would parse the key on every request.
    expressjwt({ secret: publicKey, algorithms: ['ES256'], issuer: ISSUER, audience: API }),
  )
