import type { ClientFields } from '../clients/fields.ts'
import type { JsonObject } from '../lib/json-value.ts'
import { UsageError } from './errors.ts'

/**
 * Converts `--field` flags to the fields of a client. A value is read as JSON if it is JSON and the schema accepts that, and as
 * a text otherwise: `seats=5` is a number where the schema wants one, and `postcode=12345` a text.
 *
 * @throws UsageError for a flag without a name and a value
 */
export function readFieldFlags(
  flags: readonly string[],
  stored: JsonObject,
  fields: ClientFields,
): Readonly<Record<string, unknown>> {
  const texts = new Map(flags.map(splitField))
  const values = new Map([...texts].map(([name, text]) => [name, valueOf(text)]))
  const refused = refusedNames(fields, stored, values)
  for (const name of refused) if (texts.has(name)) values.set(name, texts.get(name) || null)
  return Object.fromEntries(values)
}

function splitField(flag: string): [string, string] {
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(flag) ?? []
  if (name !== undefined && text !== undefined) return [name, text]
  throw new UsageError(`--field ${flag}: must be name=value, or name= to remove it`)
}

function valueOf(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const refusedNames = (
  fields: ClientFields,
  stored: JsonObject,
  values: ReadonlyMap<string, unknown>,
): readonly string[] =>
  fields.updateProblems(stored, Object.fromEntries(values)).map(({ path }) => path.split('.')[1] ?? '')
