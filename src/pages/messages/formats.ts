import { html, type Html } from '../../lib/html.ts'

/** The forms of a text for a number, by plural category of the language (CLDR). */
export type PluralForms = { readonly other: string } & {
  readonly [Category in Exclude<Intl.LDMLPluralRule, 'other'>]?: string
}

/** Formats numbers, durations, dates and lists as a language does. */
export interface Formats {
  /** Returns the form for a number. `#` stands for the number: `{ one: '# app', other: '# apps' }`. */
  plural(count: number, forms: PluralForms): string
  /** Formats a waiting time (seconds), rounded up to hours, minutes or seconds: `5 minutes`. */
  waitingTime(seconds: number): string
  /** Formats a lifetime (seconds) in the largest unit that divides it: `30 days`. */
  lifetime(seconds: number): string
  /** Formats how long ago something was (seconds): `5 minutes ago`. Returns `now` below one minute. */
  ago(seconds: number, now: string): string
  /** Formats a time (ms) as a date in UTC: `Nov 22, 2026`. */
  day(time: number): string
  /** Formats a time (ms) as a date and a time in UTC: `Nov 22, 2026, 2:03 PM UTC`. */
  minute(time: number): string
  /** Joins parts to a list: `one, two, and three`. */
  list(parts: readonly Html[]): Html
}

type Unit = 'year' | 'day' | 'hour' | 'minute' | 'second'

/** Creates the formats of a language (BCP 47), such as `de`. Throws a `RangeError` if the tag is malformed. */
export function createFormats(language: string): Formats {
  const tag = new Intl.Locale(language).toString()
  // `Intl` is loaded on first use, which takes tens of milliseconds: few pages need it.
  const numbers = once(() => new Intl.NumberFormat(tag))
  const plurals = once(() => new Intl.PluralRules(tag))
  const relative = once(() => new Intl.RelativeTimeFormat(tag))
  const days = once(() => new Intl.DateTimeFormat(tag, { timeZone: 'UTC', ...DAY }))
  const minutes = once(() => new Intl.DateTimeFormat(tag, { timeZone: 'UTC', ...MINUTE }))
  const lists = once(() => new Intl.ListFormat(tag))
  const inUnit = (count: number, unit: Unit): string =>
    new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
  const before = (count: number, unit: Unit): string => relative().format(-Math.floor(count), unit)
  return {
    plural(count, forms) {
      const form = forms[plurals().select(count)] ?? forms.other
      return form.replaceAll('#', numbers().format(count))
    },
    waitingTime: (seconds) => inUnit(...waitingUnit(seconds)),
    lifetime: (seconds) => inUnit(...largestUnit(seconds)),
    ago(seconds, now) {
      if (seconds < 60) return now
      if (seconds < 3600) return before(seconds / 60, 'minute')
      if (seconds < 86_400) return before(seconds / 3600, 'hour')
      return before(seconds / 86_400, 'day')
    },
    day: (time) => days().format(time),
    minute: (time) => minutes().format(time),
    list: (parts) =>
      html`${lists()
        .formatToParts(parts.map((_, index) => String(index)))
        .map(({ type, value }) => (type === 'element' ? parts[Number(value)] : value))}`,
  }
}

const DAY = { year: 'numeric', month: 'short', day: 'numeric' } as const
const MINUTE = { ...DAY, hour: 'numeric', minute: '2-digit', timeZoneName: 'short' } as const

function once<Value>(create: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= create())
}

function waitingUnit(seconds: number): readonly [count: number, unit: Unit] {
  if (seconds > 5400) return [Math.ceil(seconds / 3600), 'hour']
  if (seconds > 90) return [Math.ceil(seconds / 60), 'minute']
  return [Math.max(1, Math.ceil(seconds)), 'second']
}

function largestUnit(seconds: number): readonly [count: number, unit: Unit] {
  const [unit, length] = UNITS.find(([, divisor]) => seconds % divisor === 0) ?? ['second', 1]
  return [seconds / length, unit]
}

const UNITS: readonly (readonly [Unit, number])[] = [
  ['year', 31_536_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]
