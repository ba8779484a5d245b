import type { Message, Pairs } from './request.ts'

/** The results of a run so far. */
export interface Results {
  readonly failures: readonly string[]
  readonly statuses: Readonly<Record<string, number>>
  readonly granted: Readonly<Record<string, number>>
  /** Counts a response by its status. */
  countStatus(what: string): void
  countGranted(what: string): void
  /** Records a problem. `where` identifies the request, or is `end`. */
  fail(where: string, problem: string, message?: Message): void
}

const MAX_FAILURES = 20

export function createResults(): Results {
  const failures: string[] = []
  const statuses: Record<string, number> = {}
  const granted: Record<string, number> = {}
  return {
    failures,
    statuses,
    granted,
    countStatus: (what) => void (statuses[what] = (statuses[what] ?? 0) + 1),
    countGranted: (what) => void (granted[what] = (granted[what] ?? 0) + 1),
    fail(where, problem, message) {
      if (failures.length >= MAX_FAILURES) return
      failures.push(`${where}: ${problem}${message ? `\n  ${describe(message)}` : ''}`)
    },
  }
}

/** Formats a message so that it can be sent again. */
function describe({ method, path, query, headers, body, peer }: Message): string {
  const list = (pairs: Pairs): string => pairs.map(([name, value]) => `${name}: ${value}`).join(' | ')
  const target = `${path}${query === '' ? '' : `?${query}`}`
  return [method, target, `from ${peer}`, `[${list(headers)}]`, JSON.stringify(body?.toString('latin1'))]
    .map((text) => text?.slice(0, 2_000))
    .join(' ')
}
