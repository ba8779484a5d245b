/** express-jwt, which verifies on each request with jsonwebtoken. */
import { expressjwt } from 'express-jwt'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { startExpress } from './parts/express.ts'

export const start: Start = () =>
  startExpress(
    'ES256, Express',
    // A KeyObject: with the PEM text of its README, jsonwebtoken would parse the key on each request.
    expressjwt({ secret: publicKey, algorithms: ['ES256'], issuer: ISSUER, audience: API }),
  )
