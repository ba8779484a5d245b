/** The word that was probably meant, at most two letters away (Levenshtein, whatever the case); undefined for none. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance: letters }) => letters <= 2)
    .toSorted((one, other) => one.distance - other.distance)
  return best?.candidate
}

/** How many letters must be added, taken away or replaced to make one text the other. */
function distance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, letter] of Array.from(one).entries()) {
    const line = [row + 1]
    for (const [column, match] of Array.from(other).entries()) {
      const replaced = (above[column] ?? 0) + (letter === match ? 0 : 1)
      line.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1))
    }
    above = line
  }
  return above.at(-1) ?? 0
}
