import type { Row } from './rows.ts'

/** Drivers and dumps write booleans as 0 and 1, `t` and `f`, or `true` and `false`. */
export const isTrue = (value: string | null | undefined): boolean => /^(?:1|t|true)$/i.test(value ?? '')

/** Returns the strings of a JSON list; undefined if it is none. */
export function jsonList(value: string | null | undefined): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(value ?? '')
    return Array.isArray(list) && list.every((each) => typeof each === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):?(\d\d)?)?$/

/** Returns a time of a row in milliseconds, or undefined. Laravel writes times in its own time zone, without naming it. */
export function timeOf(row: Row, column: string, timeZone: string): number | undefined {
  const text = row[column] ?? ''
  const [, ...parts] = TIME.exec(text) ?? []
  const [year = 0, month = 0, day = 0, hour, minute, second] = parts.slice(0, 6).map(Number)
  if (year === 0 || month === 0 || day === 0) return undefined
  const utc = Date.UTC(year, month - 1, day, hour, minute, second)
  const [sign, hours = '0', minutes = '0'] = parts.slice(6)
  if (text.endsWith('Z')) return utc
  if (sign === undefined) return utc - offsetOf(timeZone, utc - offsetOf(timeZone, utc))
  return utc - (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Returns how far a time zone is ahead of UTC (ms). Throws `RangeError` if it is unknown. */
export function offsetOf(timeZone: string, moment: number): number {
  if (timeZone === 'UTC') return 0
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' })
  formats.set(timeZone, format)
  const local = new Date(`${format.format(moment)} UTC`).getTime()
  return local - Math.floor(moment / 1000) * 1000
}
