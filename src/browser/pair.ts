import { hasTokens, parseJson, type TokenResponse } from './requests.ts'

/** The tokens of a signed-in user, as they are stored. */
export interface TokenPair extends TokenResponse {
  /** Identifies the sign-in between the tabs of an app. */
  readonly sign_in_id: string
}

/** Creates the pair of a response. A refresh continues the sign-in of the previous pair. */
export const createPair = (response: TokenResponse, previous?: TokenPair): TokenPair => ({
  sign_in_id: Math.random().toString(36),
  ...previous,
  ...response,
})

/** Reads a stored pair. Returns undefined if there is none, or if something else is stored. */
export function parsePair(text: string | null): TokenPair | undefined {
  const pair = parseJson(text ?? '')
  return hasTokens(pair) ? (pair as TokenPair) : undefined
}

/** Knows when the latest access token expires. */
export interface Expiry {
  /** Remembers when a token arrived. */
  arrived(pair: TokenPair): void
  /** Returns whether a token expires within this many seconds. False for tokens from before a reload or of another tab. */
  isWithin(seconds: number, pair: TokenPair): boolean
}

/** Measures on the monotonic clock: the clock of the device may be wrong, and may be set at any time. */
export function createExpiry(): Expiry {
  let known: TokenPair | undefined
  let arrivedAt = 0
  return {
    arrived(pair) {
      known = pair
      arrivedAt = performance.now()
    },
    isWithin: (seconds, { access_token: token }) =>
      token === known?.access_token &&
      performance.now() - arrivedAt > ((known.expires_in ?? Infinity) - seconds) * 1_000,
  }
}
