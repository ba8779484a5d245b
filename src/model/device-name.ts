import type { DeviceKind } from './device-kind.ts'

const BROWSERS = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:(?:Headless)?Chrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
] as const

const SYSTEMS = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b|\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
] as const

/** The name of a device whose `User-Agent` is empty or unreadable. */
export const UNKNOWN_DEVICE = 'Unknown device'

/** Returns a readable name of a device: `Firefox on Windows`, or the program's name if it is not a browser. */
export function deviceNameOf(userAgent: string): string {
  const browser = BROWSERS.find(([, pattern]) => pattern.test(userAgent))?.[0]
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0]
  if (browser && system) return `${browser} on ${system}`
  return browser ?? system ?? (/^[\w.-]{1,40}/.exec(userAgent)?.[0] || UNKNOWN_DEVICE)
}

/** Returns the parts of a name from `deviceNameOf`, or undefined if it is another one. */
export function parseDeviceName(
  name: string,
): { readonly browser: string; readonly system: string } | undefined {
  const [browser = '', system = ''] = name.split(' on ')
  const isOurs =
    name === `${browser} on ${system}` &&
    BROWSERS.some(([each]) => each === browser) &&
    SYSTEMS.some(([each]) => each === system)
  return isOurs ? { browser, system } : undefined
}

/** Returns the kind of a device. Android tablets differ from phones only by the missing word `Mobile`. */
export function deviceKindOf(userAgent: string): DeviceKind {
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0]
  if (system === undefined) return 'other'
  if (system === 'iPad') return 'tablet'
  if (system === 'Android') return /\bMobile\b/.test(userAgent) ? 'phone' : 'tablet'
  return system === 'iPhone' ? 'phone' : 'computer'
}

const MAX_NAME_LENGTH = 100

/** Line breaks and other controls, and the characters that change the direction of the text around them. */
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** A device without a visible name could hide in the list. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

export const DEVICE_NAME_PROBLEM = `must be 1 to ${MAX_NAME_LENGTH} characters, at least one of them visible, without control characters`

/** Returns whether an app can give a device this name. */
export const isDeviceName = (name: string): boolean =>
  VISIBLE.test(name) && name.length <= MAX_NAME_LENGTH && !FORBIDDEN.test(name) && name.isWellFormed()
