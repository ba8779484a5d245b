import type { ConfigProblem } from '../errors.ts'
import { copyJsonObject, jsonSize, NotJsonError, type JsonObject } from '../lib/json-value.ts'
import {
  firstKeyOf,
  validateWith,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from '../lib/standard-schema.ts'

/** Fields whose types are not known. */
export type AnyFields = Readonly<Record<string, unknown>>

/** A schema for the fields of clients. */
export type FieldsSchema = StandardSchema<unknown, object>

/** A schema whose types are not known. */
export type AnyFieldsSchema = StandardSchema<AnyFields, AnyFields>

/** The fields of a client as they are read. */
export type FieldsOf<Schema extends FieldsSchema> = SchemaOutput<Schema> & object

/** The fields of a client as they are written. Null removes a field. */
export type FieldsInput<Schema extends FieldsSchema> =
  SchemaInput<Schema> extends infer Input
    ? { readonly [Name in keyof Input]?: Input[Name] | null | undefined }
    : never

/** Checks the fields of clients by the schema of the configuration. What is stored is what was written, as JSON. */
export interface ClientFields {
  /** Returns what is wrong with the fields of a new client. */
  problems(fields: object | undefined): readonly ConfigProblem[]
  /** Returns what is wrong with changed fields of a client. */
  updateProblems(stored: JsonObject, changes: object | undefined): readonly ConfigProblem[]
  /** Returns changed fields to store. Valid changes only. */
  merge(stored: JsonObject, changes: object): JsonObject
  /**
   * Returns stored fields as the schema reads them. Never fails: what the schema no longer accepts is left out, so that its
   * defaults apply.
   */
  read(stored: JsonObject): AnyFields
}

/** In bytes, as JSON. */
const MAX_SIZE = 8192

const NO_SCHEMA = { path: 'fields', message: 'needs clientFields in the configuration' } as const

/** The fields of a server without `clientFields`: there are none. */
export const NO_CLIENT_FIELDS: ClientFields = {
  problems: (fields) => (fields === undefined || isEmpty(fields) ? [] : [NO_SCHEMA]),
  updateProblems: (_stored, changes) => NO_CLIENT_FIELDS.problems(changes),
  merge: (stored) => stored,
  read: () => ({}),
}

/** Types do not hold at run time. */
const isEmpty = (value: object | null): boolean => value !== null && Object.keys(value).length === 0

/** Creates the checks of a schema that accepts an empty object. */
export function createClientFields(schema: FieldsSchema): ClientFields {
  const known = new WeakMap<JsonObject, AnyFields>()
  const updateProblems: ClientFields['updateProblems'] = (stored, changes) =>
    changes === undefined ? [] : problemsOf(schema, () => merge(schema, stored, changes))
  return {
    problems: (fields) => updateProblems({}, fields),
    updateProblems,
    merge: (stored, changes) => merge(schema, stored, changes),
    read(stored) {
      const found = known.get(stored) ?? Object.freeze({ ...readFields(schema, stored) })
      known.set(stored, found)
      return found
    },
  }
}

/** Returns why a schema cannot be used. */
export function schemaProblem(schema: FieldsSchema): string | undefined {
  try {
    const result = validateWith(schema, {})
    if (!result.issues) return undefined
    const [issue] = result.issues
    const name = issue && firstKeyOf(issue)
    return `must accept {}: clients from before have no fields, so each must be optional or have a default${name === undefined ? '' : `. Not so: ${name}`}`
  } catch (cause) {
    return `cannot be used: ${cause instanceof Error ? cause.message : 'it threw'}`
  }
}

function merge(schema: FieldsSchema, stored: JsonObject, changes: object): JsonObject {
  const given = copyJsonObject('fields', changes)
  const merged = { ...acceptedFields(schema, stored), ...given }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}

function problemsOf(schema: FieldsSchema, mergeFields: () => JsonObject): readonly ConfigProblem[] {
  try {
    const fields = mergeFields()
    const size = jsonSize(fields)
    if (size > MAX_SIZE) return [{ path: 'fields', message: `must be at most ${MAX_SIZE} bytes as JSON` }]
    const result = validateWith(schema, fields)
    if (result.issues) return result.issues.map(({ message, path }) => ({ path: pathOf(path), message }))
    return unknownFields(fields, result.value)
  } catch (cause) {
    if (cause instanceof NotJsonError) return [{ path: 'fields', message: `must be JSON: ${cause.message}` }]
    throw cause
  }
}

const pathOf = (path: NonNullable<Parameters<typeof firstKeyOf>[0]['path']> = []): string =>
  ['fields', ...path.map((key) => String(typeof key === 'object' ? key.key : key))].join('.')

/** Many schemas drop unknown members without an error. A misspelled one would be stored, and never read. */
const unknownFields = (fields: JsonObject, output: object): readonly ConfigProblem[] =>
  Object.keys(fields)
    .filter((name) => !Object.hasOwn(output, name))
    .map((name) => ({ path: `fields.${name}`, message: 'is not a field of the schema' }))

/** Returns the stored fields that the schema accepts. It may have changed since they were stored. */
function acceptedFields(schema: FieldsSchema, stored: JsonObject): JsonObject {
  const problems = problemsOf(schema, () => stored)
  if (problems.length === 0) return stored
  const refused = new Set(problems.map(({ path }) => path.split('.')[1]))
  const rest = Object.entries(stored).filter(([name]) => !refused.has(name))
  // Unknown names are found only if the schema accepts all others.
  return rest.length === Object.keys(stored).length ? {} : acceptedFields(schema, Object.fromEntries(rest))
}

function readFields(schema: FieldsSchema, stored: JsonObject): object {
  for (const fields of [stored, acceptedFields(schema, stored), {}]) {
    const result = validateWith(schema, fields)
    if (!result.issues) return result.value
  }
  return {}
}
