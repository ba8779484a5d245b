import type { Compilable, CompiledQuery, Insertable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** A query that was built and compiled once, waiting for its parameters. */
export type Prepared<Parameters, Row> = (parameters: Parameters) => CompiledQuery<Row>

/** Where a parameter goes. */
interface Slot {
  readonly slot: string
}

/**
 * Builds a query once, for hot paths: building costs Kysely more than running costs the database. `build` is given an
 * object whose properties stand for the parameters; they can be used wherever a value can, but not be looked at.
 */
export function prepare<Parameters extends object, Row>(
  build: (slots: Parameters) => Compilable<Row>,
): Prepared<Parameters, Row> {
  const slots = new Proxy({}, { get: (_, name): Slot => ({ slot: String(name) }) }) as Parameters
  const { query, queryId, sql, parameters } = build(slots).compile()
  const names = parameters.map((value) => (isSlot(value) ? (value.slot as keyof Parameters) : undefined))
  return (given) => ({
    query,
    queryId,
    sql,
    parameters: names.map((name, index) => (name === undefined ? parameters[index] : given[name])),
  })
}

/** An insert into a table, built with the first row. Every row must have the same columns as the first one. */
export function prepareInsert<Table extends keyof Tables>(
  db: Kysely<Tables>,
  table: Table,
): Prepared<Insertable<Tables[Table]>, unknown> {
  let insert: Prepared<Insertable<Tables[Table]>, unknown> | undefined
  return (row) => {
    insert ??= prepare((slots) => db.insertInto(table).values(pick(slots, Object.keys(row))))
    return insert(row)
  }
}

const isSlot = (value: unknown): value is Slot =>
  typeof value === 'object' && value !== null && 'slot' in value

const pick = <Row extends object>(row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, row[column as keyof Row]])) as Row
