import { OAuthError } from '../errors.ts'

/** The refusal of a form without the anti-forgery token of this browser and session. */
export const forgedForm = (): OAuthError =>
  new OAuthError('access_denied', 'This form did not come from our page', {
    detail: 'anti-forgery check failed',
  })
