/** Something that a server acknowledged, with the time (`performance.now()`). */
export interface Acknowledged<Value> {
  readonly at: number
  readonly value: Value
}

/** The tokens of one authorization. */
export interface Pair {
  readonly client: 'app' | 'device'
  readonly access: string
  readonly refresh: string
}

/** Everything that the servers acknowledged, so it must survive. */
export interface Ledger {
  /** The latest token of each chain of refreshes. */
  readonly chains: (Acknowledged<string> & { readonly index: number })[]
  /** Tokens of code exchanges and of devices. Never used. */
  readonly kept: Acknowledged<Pair>[]
  readonly revoked: Acknowledged<Pair>[]
  /** `Cookie` headers of sign-ins. */
  readonly sessions: Acknowledged<string>[]
  /** How often each code that was sent twice, to two nodes, gave tokens. */
  readonly doubles: number[]
  /** The outcomes of codes whose exchange was repeated after a 503. */
  readonly repeated: ('tokens' | 'invalid_grant' | 'expired')[]
}

export const createLedger = (): Ledger => ({
  chains: [],
  kept: [],
  revoked: [],
  sessions: [],
  doubles: [],
  repeated: [],
})

export const acknowledge = <Value>(value: Value): Acknowledged<Value> => ({ at: performance.now(), value })
