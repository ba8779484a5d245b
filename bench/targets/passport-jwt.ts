/** passport-jwt, which verifies every request with jsonwebtoken. It doesn't look up the user. */
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { startExpress } from './parts/express.ts'

const options = {
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  // With the PEM string of its README instead of a KeyObject, jsonwebtoken would parse the key on every request.
  secretOrKey: publicKey,
  algorithms: ['ES256'],
  issuer: ISSUER,
  audience: API,
}

export const start: Start = () => {
  passport.use(new Strategy(options, ({ sub }, done) => done(null, { id: sub })))
  return startExpress('ES256, Express', passport.authenticate('jwt', { session: false }))
}
