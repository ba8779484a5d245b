import type { Message, Pairs } from './request.ts'

/** What a run counts and finds. */
export interface Tally {
  readonly failures: readonly string[]
  readonly statuses: Readonly<Record<string, number>>
  readonly given: Readonly<Record<string, number>>
  /** Counts an answer by what it was. */
  answered(what: string): void
  /** Counts something that was given. */
  gave(what: string): void
  /** Writes down what must not be: `where` is the case, or the end of the run. */
  fail(where: string, problem: string, message?: Message): void
}

/** More would say no more. */
const MOST_FAILURES = 20

/** Begins to count. */
export function createTally(): Tally {
  const failures: string[] = []
  const statuses: Record<string, number> = {}
  const given: Record<string, number> = {}
  return {
    failures,
    statuses,
    given,
    answered: (what) => void (statuses[what] = (statuses[what] ?? 0) + 1),
    gave: (what) => void (given[what] = (given[what] ?? 0) + 1),
    fail(where, problem, message) {
      if (failures.length >= MOST_FAILURES) return
      failures.push(`${where}: ${problem}${message ? `\n  ${describe(message)}` : ''}`)
    },
  }
}

/** A message as it can be sent again. */
function describe({ method, path, query, headers, body, peer }: Message): string {
  const list = (pairs: Pairs): string => pairs.map(([name, value]) => `${name}: ${value}`).join(' | ')
  const target = `${path}${query === '' ? '' : `?${query}`}`
  return [method, target, `from ${peer}`, `[${list(headers)}]`, JSON.stringify(body?.toString('latin1'))]
    .map((text) => text?.slice(0, 2_000))
    .join(' ')
}
