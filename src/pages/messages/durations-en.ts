type Unit = 'year' | 'day' | 'hour' | 'minute' | 'second'

/** `Intl` is loaded on first use, which takes tens of milliseconds: few pages name a duration. */
const formatUnit = (unit: Unit, count: number): string =>
  new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count)

/** A waiting time (seconds), rounded up to hours, minutes or seconds. */
export function waitingTime(seconds: number): string {
  if (seconds > 5400) return formatUnit('hour', Math.ceil(seconds / 3600))
  if (seconds > 90) return formatUnit('minute', Math.ceil(seconds / 60))
  return formatUnit('second', Math.max(1, Math.ceil(seconds)))
}

/** A lifetime (seconds) in the largest unit that divides it. */
export function lifetime(seconds: number): string {
  const units: readonly (readonly [Unit, number])[] = [
    ['year', 31_536_000],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ]
  const [unit, length] = units.find(([, divisor]) => seconds % divisor === 0) ?? ['second', 1]
  return formatUnit(unit, seconds / length)
}

/** How long ago something was (seconds), in the largest unit that fits. */
export function ago(seconds: number): string {
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${formatUnit('minute', Math.floor(seconds / 60))} ago`
  if (seconds < 86_400) return `${formatUnit('hour', Math.floor(seconds / 3600))} ago`
  return `${formatUnit('day', Math.floor(seconds / 86_400))} ago`
}
