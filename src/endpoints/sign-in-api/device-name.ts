import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { DEVICE_NAME_PROBLEM, isDeviceName } from '../../model/device-name.ts'

/**
 * Returns the name that the app gives the device. Users see it in the list of their devices.
 *
 * @throws OAuthError `invalid_request`
 */
export function readDeviceName(form: Form): string | undefined {
  const name = form.get('device_name')
  if (name === undefined || isDeviceName(name)) return name?.trim()
  throw new OAuthError('invalid_request', `The parameter device_name ${DEVICE_NAME_PROBLEM}`)
}
