/** passport-jwt, which verifies on each request with jsonwebtoken; the person is looked up nowhere. */
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { startExpress } from './parts/express.ts'

const options = {
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  // A KeyObject: with the PEM text of its README, jsonwebtoken would parse the key on each request.
  secretOrKey: publicKey,
  algorithms: ['ES256'],
  issuer: ISSUER,
  audience: API,
}

export const start: Start = () => {
  passport.use(new Strategy(options, ({ sub }, done) => done(null, { id: sub })))
  return startExpress('ES256, Express', passport.authenticate('jwt', { session: false }))
}
