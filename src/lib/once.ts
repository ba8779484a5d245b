/** A piece of work that is done once for all who ask, and again only after it failed. */
export interface Once<Value> {
  (): Promise<Value>
  /** The work under way or done, if anybody has asked. */
  current(): Promise<Value> | undefined
  /** What came of it, once it is done. */
  result(): Value | undefined
}

/** Makes work that is done at the first call. */
export function once<Value>(work: () => Promise<Value>): Once<Value> {
  let running: Promise<Value> | undefined
  let result: Value | undefined
  const run = async (): Promise<Value> => {
    result = await work()
    return result
  }
  const ask = (): Promise<Value> =>
    (running ??= run().catch((cause: unknown) => {
      running = undefined
      throw cause
    }))
  return Object.assign(ask, { current: () => running, result: () => result })
}
