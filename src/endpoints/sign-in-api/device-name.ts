import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'

const MAX_LENGTH = 100

/** Line breaks and other controls, and the characters that change the direction of the text around them. */
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/**
 * Returns the name that the app gives the device. Users see it in the list of their devices.
 *
 * @throws OAuthError `invalid_request`
 */
export function readDeviceName(form: Form): string | undefined {
  const name = form.get('device_name')?.trim()
  if (name === undefined || isDeviceName(name)) return name
  const description = `The parameter device_name must be 1 to ${MAX_LENGTH} characters without control characters`
  throw new OAuthError('invalid_request', description)
}

/** Returns whether a text can be the name of a device. */
export const isDeviceName = (name: string): boolean =>
  name !== '' && name.length <= MAX_LENGTH && !FORBIDDEN.test(name)
