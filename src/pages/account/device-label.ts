import { parseDeviceName, UNKNOWN_DEVICE } from '../../model/device-name.ts'
import type { Messages } from '../messages.ts'

/** Returns the name of a device in the language of the page. A name that an app chose stays as it is. */
export function deviceLabel(name: string, text: Messages['devices']): string {
  if (name === UNKNOWN_DEVICE) return text.unknown
  const parsed = parseDeviceName(name)
  return parsed ? text.browserOn(parsed.browser, parsed.system) : name
}
