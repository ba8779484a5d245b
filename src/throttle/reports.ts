import type { Report } from './counter.ts'

/** A report about a key, as it is sent to other nodes. */
export type WireReport = readonly [
  key: string,
  known: number,
  added: number,
  pending: number,
  remaining: number,
  isCleared: boolean,
]

export const toWireReport = (
  key: string,
  { known, added, pending, remaining, isCleared }: Report & { readonly isCleared: boolean },
): WireReport => [key, known, added, pending, remaining, isCleared]

/** Returns the reports of a message by counter. Ignores what it does not understand: a node can run a later version. */
export const parseReports = (payload: unknown): readonly (readonly [string, readonly WireReport[]])[] =>
  typeof payload === 'object' && payload !== null
    ? Object.entries(payload).map(([name, reports]) => [name, arrayOf(reports).filter(isReport)] as const)
    : []

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function isReport(value: unknown): value is WireReport {
  const [key, known, added, pending, remaining, isCleared] = arrayOf(value)
  const isKey = typeof key === 'string' && key.length <= MAX_KEY_LENGTH
  return (
    isKey &&
    [known, added, remaining].every(isCount) &&
    isCount(absolute(pending)) &&
    typeof isCleared === 'boolean'
  )
}

const MAX_KEY_LENGTH = 200

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const absolute = (value: unknown): unknown => (typeof value === 'number' ? Math.abs(value) : value)
