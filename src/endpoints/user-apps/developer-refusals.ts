import { OAuthError } from '../../errors.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { UserAppProblem } from '../../user-apps/fields.ts'
import type { UserAppRefusal } from '../../user-apps/user-apps.ts'
import type { Exchange } from '../endpoint.ts'
import { report } from '../report.ts'
import type { AppFormState } from './developer-pages.ts'

/** Shows a form again, with the reason. */
export type ShowForm = (status: number, state: AppFormState) => Promise<HttpResponse>

/** Reports why no app was registered, and shows the form again. */
export function refuseRegistration(
  exchange: Exchange,
  outcome: Exclude<UserAppRefusal, { kind: 'repeated' | 'signed-out' }>,
  show: ShowForm,
): Promise<HttpResponse> {
  switch (outcome.kind) {
    case 'invalid':
      return refuseFields(exchange, outcome.problems, show)
    case 'throttled':
      reportRefusal(exchange, 'too_many_requests', 429, outcome.kind)
      return show(429, {
        problem: { kind: 'throttled', seconds: DAY },
        headers: { 'Retry-After': String(DAY) },
      })
    case 'full':
    default:
      reportRefusal(exchange, 'limit_reached', 422, outcome.kind)
      return show(422, { problem: { kind: 'full' } })
  }
}

const DAY = 86_400
const MAX_LOGGED = 5

/** Reports the invalid fields of a form, and shows it again with a message for each. */
export function refuseFields(
  exchange: Exchange,
  problems: readonly UserAppProblem[],
  show: ShowForm,
): Promise<HttpResponse> {
  const detail = problems.slice(0, MAX_LOGGED).map(({ field, message }) => `${field} ${message}`)
  reportRefusal(exchange, 'invalid_client_metadata', 422, detail.join('; '))
  return show(422, { problem: { kind: 'invalid' }, problems })
}

/** Reports why an app was not changed. */
export const reportRefusal = (
  exchange: Exchange,
  code: 'limit_reached' | 'too_many_requests' | 'invalid_client_metadata' | 'invalid_request',
  status: number,
  detail: string,
): void => report(exchange, new OAuthError(code, 'The app was not changed', { status, detail }))
