/** Whether something is there that tests need, for `runIf`; where it is not, says what is left out and how to get it. */
export function isAvailable(isThere: boolean, advice: string): boolean {
  if (!isThere) console.warn(advice)
  return isThere
}
