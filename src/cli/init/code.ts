import type { Language } from './choices.ts'

/** Widest line of the code that is written. */
const WIDTH = 110

/** Returns an import, on several lines if it is long. */
export function importLine(names: readonly string[], from: string): string {
  const sorted = names.toSorted((left, right) => left.toLowerCase().localeCompare(right.toLowerCase()))
  const line = `import { ${sorted.join(', ')} } from '${from}'`
  if (line.length <= WIDTH) return line
  return `import {\n${sorted.map((name) => `  ${name},\n`).join('')}} from '${from}'`
}

/** Returns a string literal in the quotes that formatters choose. */
export function quote(text: string): string {
  const json = JSON.stringify(text)
  if (text.includes("'") && !text.includes('"')) return json
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** The extension of the files: `mts` and `mjs` in a CommonJS package whose type must stay. */
export type Extension = 'ts' | 'mts' | 'js' | 'mjs'

export const extensionOf = (language: Language, isModule: boolean): Extension =>
  language === 'typescript' ? (isModule ? 'ts' : 'mts') : isModule ? 'js' : 'mjs'
