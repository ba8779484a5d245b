import type { OAuthError } from '../../errors.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { withAnswer } from '../../model/redirect-uri.ts'
import type { Exchange } from '../endpoint.ts'
import { report } from '../report.ts'
import type { AnswerTarget } from './authorization-request.ts'

/** Sends the browser back to the client (RFC 6749 sections 4.1.2 and 4.2.2); `iss` ends mix-ups (RFC 9207). */
export function answerClient(
  { services }: Exchange,
  { redirectUri, responseMode, state }: AnswerTarget,
  parameters: Readonly<Record<string, string>>,
): HttpResponse {
  const answer = { ...parameters, state, iss: services.settings.issuer }
  return redirect(withAnswer(redirectUri, answer, responseMode))
}

/** Sends the browser back to the client with an error (RFC 6749 sections 4.1.2.1 and 4.2.2.1), and says so in the log. */
export function answerError(exchange: Exchange, target: AnswerTarget, error: OAuthError): HttpResponse {
  report(exchange, error)
  const { code, description } = error
  return answerClient(exchange, target, { error: code, error_description: description })
}
