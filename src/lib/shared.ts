/**
 * Work that is under way once at the most, and begins at most every `interval` ms; whoever asks in between shares the
 * last outcome, a failure too. However many ask, the other side is asked this often.
 */
export function spaced<Value>(work: () => Promise<Value>, interval: number): () => Promise<Value> {
  let outcome: Promise<Value> | undefined
  let isRunning = false
  let notBefore = 0
  return () => {
    if (outcome && (isRunning || performance.now() < notBefore)) return outcome
    isRunning = true
    notBefore = performance.now() + interval
    return (outcome = work().finally(() => {
      isRunning = false
    }))
  }
}
