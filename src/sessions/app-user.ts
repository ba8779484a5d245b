import { AsyncLocalStorage } from 'node:async_hooks'
import { ConfigError, OAuthError, StoreUnavailableError } from '../errors.ts'
import { MIN_MILLISECONDS } from '../lib/clock.ts'
import { toUserId } from '../users/provider.ts'
import { methodProblems } from './methods.ts'

/** The answer of `appSession.current`, after it was checked. Times in milliseconds. */
export interface CheckedAppUser {
  readonly userId: string
  /** Never in the future. */
  readonly authenticatedAt: number
  /** The time as the app returned it, which identifies the sign-in. */
  readonly signInTime: number
  /** Undefined if the app has no IDs for its sessions. */
  readonly appSessionId: string | undefined
  readonly methods: readonly string[]
}

/** How long (ms) the app may take to say who is signed in. */
const TIME_LIMIT = 5000
const MAX_SESSION_ID_LENGTH = 1024

/**
 * Asks the app who is signed in. Returns undefined if no user is.
 *
 * @throws OAuthError `server_error` if the app throws or returns something unusable, `temporarily_unavailable` if it does
 * not answer
 */
export async function askApp(
  provider: string,
  now: () => number,
  current: () => unknown,
): Promise<CheckedAppUser | undefined> {
  const answer = await withinTimeLimit(provider, current)
  return answer === undefined || answer === null ? undefined : checkUser(provider, answer, now())
}

/** A call of `appSession.current`, and the one that it was made in. */
interface Call {
  readonly provider: string
  readonly outer: Call | undefined
  hasReturned: boolean
}

/** A timer or connection that the app opens during a call stays in its context, also after the answer. */
const calls = new AsyncLocalStorage<Call>()

const isCalling = (provider: string, call = calls.getStore()): boolean =>
  call !== undefined &&
  ((call.provider === provider && !call.hasReturned) ||
    (call.outer !== undefined && isCalling(provider, call.outer)))

/** Prevents an endless loop: `server.sessions.current` calls the app, which must not call it in turn. */
async function callOnce(provider: string, current: () => unknown): Promise<unknown> {
  if (isCalling(provider)) throw unusable(provider, 'must not call server.sessions.current, which calls it')
  const call: Call = { provider, outer: calls.getStore(), hasReturned: false }
  try {
    return await calls.run(call, current)
  } finally {
    call.hasReturned = true
  }
}

async function withinTimeLimit(provider: string, current: () => unknown): Promise<unknown> {
  const { promise: expiry, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unanswered(provider)), TIME_LIMIT)
  const answer = callOnce(provider, current).catch((cause: unknown) => {
    throw failed(provider, cause)
  })
  try {
    return await Promise.race([answer, expiry])
  } finally {
    clearTimeout(timer)
  }
}

function failed(provider: string, cause: unknown): Error {
  if (cause instanceof OAuthError || cause instanceof StoreUnavailableError) return cause
  return unusable(provider, `threw an error: ${String(cause)}`, cause)
}

const unanswered = (provider: string): OAuthError =>
  new OAuthError('temporarily_unavailable', 'Try again in a moment', {
    detail: `appSession.current of ${provider} did not return within ${TIME_LIMIT / 1000} seconds`,
    headers: { 'Retry-After': '1' },
  })

const unusable = (provider: string, problem: string, cause?: unknown): OAuthError =>
  new OAuthError('server_error', 'An unexpected error occurred', {
    detail: `appSession.current of ${provider} ${problem}`,
    ...(cause !== undefined && { cause }),
  })

/** Types do not hold at run time. */
function checkUser(provider: string, answer: unknown, now: number): CheckedAppUser {
  if (typeof answer !== 'object') throw unusable(provider, 'must return an object, or undefined for guests')
  const { id, authenticatedAt, sessionId, methods } = answer as Partial<Record<string, unknown>>
  const signInTime = toTime(provider, authenticatedAt)
  const [problem] = methodProblems(methods)
  if (problem) throw unusable(provider, `returned methods that are invalid: methods ${problem.message}`)
  return {
    userId: toId(provider, id),
    authenticatedAt: Math.min(signInTime, now),
    signInTime,
    appSessionId: toSessionId(provider, sessionId),
    methods: (methods ?? []) as readonly string[],
  }
}

function toTime(provider: string, value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time !== 'number' || !Number.isFinite(time))
    throw unusable(provider, 'must return authenticatedAt, as a Date or in milliseconds since 1970')
  if (time < MIN_MILLISECONDS)
    throw unusable(provider, 'returned authenticatedAt in seconds. Multiply it by 1000, or return a Date')
  return Math.floor(time)
}

function toId(provider: string, id: unknown): string {
  try {
    return toUserId({ id: id as string }, provider)
  } catch (cause) {
    const problem = cause instanceof ConfigError ? cause.problems[0]?.message : undefined
    throw unusable(provider, `returned an id that is unusable: users ${problem ?? String(cause)}`)
  }
}

function toSessionId(provider: string, sessionId: unknown): string | undefined {
  if (sessionId === undefined || isAppSessionId(sessionId)) return sessionId
  throw unusable(provider, `returned a sessionId that ${SESSION_ID_PROBLEM}`)
}

/** Returns whether a value can identify a session of the app. */
export const isAppSessionId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_SESSION_ID_LENGTH

export const SESSION_ID_PROBLEM = `must be a string of 1 to ${MAX_SESSION_ID_LENGTH} characters`
