/** Returns its first argument, for `runIf`. If a tool is missing, prints which tests are skipped and how to get it. */
export function isAvailable(isPresent: boolean, advice: string): boolean {
  if (!isPresent) console.warn(advice)
  return isPresent
}
