import { IdentifierNode, PrimitiveValueListNode, SchemableIdentifierNode, ValueNode } from 'kysely'
import type { OperationNode, QueryCompiler } from 'kysely'
import { createValidator } from '../../lib/validator.ts'

/** How tables are named. The store itself is written with `consulate_…`. */
export interface TableNames {
  /** Comes before every name, instead of `consulate_`. */
  readonly prefix: string
  /** The schema of all tables; undefined for that of the connection. */
  readonly schema?: string | undefined
}

/** The prefix of every table, index and constraint in the queries of the store. */
export const DEFAULT_PREFIX = 'consulate_'

/** The longest name of an index, without its prefix, has 43 characters, and PostgreSQL allows 63. */
const MAX_PREFIX = 20

const MAX_SCHEMA = 63

/** @throws ConfigError if the prefix or the schema is not a plain lower-case name */
export function checkTableNames(path: string, { prefix, schema }: TableNames): void {
  const validator = createValidator()
  if (!isName(prefix, /^[a-z][a-z0-9_]*$/, MAX_PREFIX))
    validator.problem(
      `${path}.tablePrefix`,
      `must start with a letter and contain only a-z, 0-9 and _, at most ${MAX_PREFIX} characters`,
    )
  if (schema !== undefined && !isName(schema, /^[a-z_][a-z0-9_]*$/, MAX_SCHEMA))
    validator.problem(
      `${path}.schema`,
      `must start with a letter or _ and contain only a-z, 0-9 and _, at most ${MAX_SCHEMA} characters`,
    )
  validator.throwIfInvalid()
}

const isName = (value: unknown, pattern: RegExp, maximum: number): boolean =>
  typeof value === 'string' && pattern.test(value) && value.length <= maximum

/** Returns the name of a table, index or constraint in the database. */
export const nameWith = ({ prefix }: TableNames, name: string): string =>
  name.startsWith(DEFAULT_PREFIX) ? prefix + name.slice(DEFAULT_PREFIX.length) : name

/** Undoes `nameWith`. Returns undefined for a table of someone else. */
export const nameWithout = ({ prefix }: TableNames, name: string): string | undefined =>
  name.startsWith(prefix) ? DEFAULT_PREFIX + name.slice(prefix.length) : undefined

/**
 * Makes a query compiler write the names of tables, indexes and constraints with their prefix, and those of tables with their
 * schema. Raw SQL must name them with `sql.table` and `sql.ref`.
 */
export const withTableNames = (compiler: QueryCompiler, names: TableNames): QueryCompiler => ({
  compileQuery: (node, queryId) => ({
    ...compiler.compileQuery(renamed(node, names), queryId),
    query: node,
  }),
})

/** Nodes are plain objects. Those with values have no names in them. */
function renamed<Value>(value: Value, names: TableNames): Value {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, names)) as Value
  const node = value as unknown as OperationNode
  if (ValueNode.is(node) || PrimitiveValueListNode.is(node)) return value
  if (IdentifierNode.is(node)) return IdentifierNode.create(nameWith(names, node.name)) as Value
  if (isUnqualified(node) && names.schema !== undefined)
    return SchemableIdentifierNode.createWithSchema(
      names.schema,
      nameWith(names, node.identifier.name),
    ) as Value
  const entries = Object.entries(node).map(([key, child]) => [key, renamed(child, names)] as const)
  return Object.fromEntries(entries) as Value
}

const isUnqualified = (node: OperationNode): node is SchemableIdentifierNode =>
  SchemableIdentifierNode.is(node) &&
  node.schema === undefined &&
  node.identifier.name.startsWith(DEFAULT_PREFIX)
