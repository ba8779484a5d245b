/** Work that is under way once at the most: whoever asks meanwhile shares its outcome. */
export function shared<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined
  return () =>
    (running ??= work().finally(() => {
      running = undefined
    }))
}
