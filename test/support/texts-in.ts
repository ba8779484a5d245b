const WINDOW = 4

/**
 * Returns which texts of at least 4 characters are in another one, in the order in which they appear. Reads it only once:
 * each test file searches megabytes for hundreds of secrets.
 */
export function textsIn(haystack: string, texts: readonly string[]): readonly string[] {
  const byStart = new Map<number, string[]>()
  const starts = new Uint8Array(65_536)
  for (const text of texts) {
    const start = windowAt(text, 0)
    byStart.set(start, [...(byStart.get(start) ?? []), text])
    starts[bucketOf(start)] = 1
  }
  const found = new Set<string>()
  let window = 0
  for (let end = 0; end < haystack.length; end += 1) {
    window = append(window, haystack.charCodeAt(end))
    if (starts[bucketOf(window)] === 0) continue
    const index = end - WINDOW + 1
    for (const text of byStart.get(window) ?? []) if (haystack.startsWith(text, index)) found.add(text)
  }
  return [...found]
}

/** A number that depends on the last 4 characters only: the bits of earlier ones have been shifted out. */
const append = (window: number, code: number): number => (window << 8) ^ code

const windowAt = (text: string, index: number): number => {
  let window = 0
  for (let offset = 0; offset < WINDOW; offset += 1) window = append(window, text.charCodeAt(index + offset))
  return window
}

const bucketOf = (window: number): number => Math.imul(window, 0x9e37_79b1) >>> 16
