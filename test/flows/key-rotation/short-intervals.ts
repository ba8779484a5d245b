/** Repeats everything ten times as often, such as the check for changed secrets. Returns a function that undoes it. */
export function shortenIntervals(): () => void {
  const { setInterval: original } = globalThis
  const shortened = (work: () => void, wait: number): NodeJS.Timeout => original(work, wait / 10)
  globalThis.setInterval = shortened as typeof setInterval
  return () => {
    globalThis.setInterval = original
  }
}
