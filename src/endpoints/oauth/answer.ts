import type { OAuthError } from '../../errors.ts'
import { redirect, type Answer } from '../../lib/http.ts'
import { withAnswer } from '../../model/redirect-uri.ts'
import type { Exchange } from '../endpoint.ts'
import { report } from '../report.ts'
import type { AnswerTarget } from './authorization-request.ts'

/** Sends the browser back to the client with a code (RFC 6749 section 4.1.2); `iss` ends mix-ups (RFC 9207). */
export const answerCode = (
  { services }: Exchange,
  { redirectUri, state }: AnswerTarget,
  code: string,
): Answer => redirect(withAnswer(redirectUri, { code, state, iss: services.settings.issuer }))

/** Sends the browser back to the client with an error (RFC 6749 section 4.1.2.1), and says so in the log. */
export function answerError(
  exchange: Exchange,
  { redirectUri, state }: AnswerTarget,
  error: OAuthError,
): Answer {
  report(exchange, error)
  const { code, description } = error
  const iss = exchange.services.settings.issuer
  return redirect(withAnswer(redirectUri, { error: code, error_description: description, state, iss }))
}
