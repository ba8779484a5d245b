/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** Why a value cannot be JSON, such as `claims.roles[0] is a bigint`. */
export class NotJsonError extends TypeError {
  override readonly name = 'NotJsonError'
}

/** The deepest nesting. Also ends the copy of an object that contains itself. */
const MAX_DEPTH = 16

/** Names with which a careless copy at the reader changes a prototype. */
const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Returns a frozen deep copy of an object, without members that are undefined. Nothing that the object does later changes
 * the copy.
 *
 * @throws NotJsonError for what JSON would drop or change without an error: functions, symbols, bigints, dates and other
 * instances of classes, `NaN` and infinity; for names that could change a prototype, and for more than 16 levels. Rethrows
 * what a getter throws.
 */
export function copyJsonObject(path: string, value: unknown): JsonObject {
  if (isPlainObject(value)) return copyObject(path, value, 1)
  throw new NotJsonError(`${path} is ${kindOf(value)} instead of an object`)
}

function copy(path: string, value: unknown, depth: number): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (depth > MAX_DEPTH) throw new NotJsonError(`${path} has more than ${MAX_DEPTH} levels`)
  if (Array.isArray(value))
    return Object.freeze(
      Array.from(value, (item: unknown, index) => copy(`${path}[${index}]`, item, depth + 1)),
    )
  if (isPlainObject(value)) return copyObject(path, value, depth + 1)
  throw new NotJsonError(`${path} is ${kindOf(value)}`)
}

function copyObject(path: string, object: Readonly<Record<string, unknown>>, depth: number): JsonObject {
  const members = Object.keys(object).map((name): [string, unknown] => {
    if (UNSAFE_NAMES.has(name)) throw new NotJsonError(`${path} has a member named ${name}`)
    return [name, object[name]]
  })
  const defined = members.filter(([, value]) => value !== undefined)
  return Object.freeze(
    Object.fromEntries(defined.map(([name, value]) => [name, copy(`${path}.${name}`, value, depth)])),
  )
}

/** Returns whether a value is an object like `{}`, also of another realm. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return String(value === null ? null : typeof value)
  return 'an instance of a class'
}

/** Returns the size of a value as JSON, in bytes. */
export const jsonSize = (value: JsonValue): number => Buffer.byteLength(JSON.stringify(value))
