/** Returns the options of an `LRUCache` with a maximum number of entries. Its `max` would reserve memory for all of them. */
export const atMost = (
  entries: number,
): { readonly maxSize: number; readonly sizeCalculation: () => number } => ({
  maxSize: entries,
  sizeCalculation: () => 1,
})
