import { setTimeout as sleep } from 'node:timers/promises'

/** What a caller got: status, headers and either a JSON body or a page. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>> | string
}

/** The outcome of one request. */
export interface Outcome {
  readonly kind: string
  readonly node: string
  /** `ok`, `503`, `no answer`, `no connection`, or the status and the error code. */
  readonly label: string
  /** As of `performance.now()`. */
  readonly startedAt: number
  readonly endedAt: number
}

/** The outcomes of all requests so far. */
export interface OutcomeLog {
  readonly outcomes: readonly Outcome[]
  /**
   * Sends a request and records its outcome, with the name of the node as it is then. Returns the answer only if it is a success or a refusal. `problemOf` looks for
   * something wrong with a success.
   */
  ask<Result extends Answer>(
    kind: string,
    nodeName: () => string,
    request: () => Promise<Result>,
    problemOf?: (answer: Result) => string | undefined,
  ): Promise<Result | undefined>
}

/** The longest time (ms) that a caller waits. */
const LONGEST_WAIT = 15_000

export function createOutcomeLog(): OutcomeLog {
  const outcomes: Outcome[] = []
  return {
    outcomes,
    async ask(kind, nodeName, request, problemOf = () => undefined) {
      const startedAt = performance.now()
      const answer = await Promise.race([
        request().catch((error: unknown) => String(error)),
        sleep(LONGEST_WAIT, 'no answer', { ref: false }),
      ])
      const isAnswered = typeof answer !== 'string'
      const problem = isAnswered ? labelOf(answer, problemOf) : answer
      const label = problem ?? 'ok'
      const unanswered = label === 'no answer' ? label : 'no connection'
      outcomes.push({
        kind,
        node: nodeName(),
        label: isAnswered ? label : unanswered,
        startedAt,
        endedAt: performance.now(),
      })
      return isAnswered && answer.status < 500 ? answer : undefined
    },
  }
}

function labelOf<Result extends Answer>(
  answer: Result,
  problemOf: (answer: Result) => string | undefined,
): string | undefined {
  const { status, headers, body } = answer
  if (status < 400) return problemOf(answer)
  if (status === 503)
    return /^[1-9]\d*$/.test(headers.get('retry-after') ?? '') ? '503' : '503 without Retry-After'
  const { error, error_description: description } = typeof body === 'string' ? {} : body
  return [status, error, description]
    .filter((part) => part !== undefined)
    .map(String)
    .join(' ')
}
