import { optionTable } from './command-line.ts'
import { configurationTables } from './configuration.ts'
import { endpointTable } from './endpoints.ts'
import { errorTable } from './errors.ts'
import { eventTables } from './events.ts'

/** Files of the repository by path. */
type Files = Readonly<Record<string, string>>

/** Returns the reference pages with their generated parts up to date, by path. */
export function referencePages(files: Files): Files {
  const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'docs/reference/configuration.md': configurationTables(files),
    'docs/reference/command-line.md': { options: optionTable() },
    'docs/reference/endpoints.md': { endpoints: endpointTable() },
    'docs/reference/errors.md': { errors: errorTable(files['src/errors.ts'] ?? '') },
    'docs/reference/events.md': eventTables(files),
  }
  return Object.fromEntries(
    Object.entries(parts).map(([path, byName]) => [path, withParts(files[path] ?? '', byName)]),
  )
}

/** Replaces what is between `<!-- generated: name -->` and `<!-- end -->`. */
function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [start, end] = [`<!-- generated: ${name} -->\n`, '\n<!-- end -->']
    const from = text.indexOf(start)
    if (from === -1) throw new Error(`A page of the reference lacks ${start}`)
    return text.slice(0, from + start.length) + part + text.slice(text.indexOf(end, from))
  }, page)
}
