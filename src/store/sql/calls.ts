/** Calls that have not ended yet. */
export interface RunningCalls {
  /** Remembers a call until it ends. Returns it. */
  track<Result>(call: Promise<Result>): Promise<Result>
  /** Waits for the calls so far. */
  settled(): Promise<unknown>
}

/** Remembers calls, so that closing can wait for them. */
export function trackCalls(): RunningCalls {
  const running = new Set<Promise<unknown>>()
  return {
    track(call) {
      running.add(call)
      const forget = (): void => void running.delete(call)
      call.then(forget, forget)
      return call
    },
    settled: () => Promise.allSettled(running),
  }
}
