import type { Compilable, CompiledQuery, Insertable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** A query that is compiled already and takes its parameters. */
export type PreparedQuery<Parameters, Row> = (parameters: Parameters) => CompiledQuery<Row>

/** Stands for a parameter while a query is built. */
interface Placeholder {
  readonly parameter: string
}

/**
 * Builds and compiles a query once, when it is first used. Kysely takes longer to build a query than SQLite takes to run it,
 * and a server uses few of its queries soon after its start. `build` receives a placeholder for each parameter: it can pass
 * placeholders to Kysely as values, but must not look at them.
 */
export function prepare<Parameters extends object, Row>(
  build: (parameters: Parameters) => Compilable<Row>,
): PreparedQuery<Parameters, Row> {
  let prepared: PreparedQuery<Parameters, Row> | undefined
  return (given) => (prepared ??= compile(build))(given)
}

function compile<Parameters extends object, Row>(
  build: (parameters: Parameters) => Compilable<Row>,
): PreparedQuery<Parameters, Row> {
  const placeholders = new Proxy(
    {},
    { get: (_, name): Placeholder => ({ parameter: String(name) }) },
  ) as Parameters
  const { query, queryId, sql, parameters } = build(placeholders).compile()
  const names = parameters.map((value) =>
    isPlaceholder(value) ? (value.parameter as keyof Parameters) : undefined,
  )
  return (given) => ({
    query,
    queryId,
    sql,
    parameters: names.map((name, index) => (name === undefined ? parameters[index] : given[name])),
  })
}

/** Prepares an insert when the first row arrives. All rows must have the same columns. */
export function prepareInsert<Table extends keyof Tables>(
  db: Kysely<Tables>,
  table: Table,
): PreparedQuery<Insertable<Tables[Table]>, unknown> {
  let insert: PreparedQuery<Insertable<Tables[Table]>, unknown> | undefined
  return (row) => {
    insert ??= prepare((parameters) => db.insertInto(table).values(pick(parameters, Object.keys(row))))
    return insert(row)
  }
}

const isPlaceholder = (value: unknown): value is Placeholder =>
  typeof value === 'object' && value !== null && 'parameter' in value

const pick = <Row extends object>(row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, row[column as keyof Row]])) as Row
