import { sql } from 'kysely'
import type { ColumnDefinitionBuilder, Compilable, CreateTableBuilder, Kysely } from 'kysely'
import type { ColumnTypes, SqlDialect } from './dialect.ts'
import type { ColumnKind, TableDefinition } from './table-definition.ts'
import type { Tables } from './tables.ts'

/** The kind of a column that a table gets later: nullable, or with 0 for the inserts of earlier versions. */
export type AddedColumnKind = `${keyof ColumnTypes}?` | `${'time' | 'flag' | 'count'} = 0`

/**
 * A step of a migration. There is no step that breaks an earlier version of the program, which runs beside this one during an
 * upgrade: none drops or renames anything, or adds a condition to a table that exists.
 */
export type MigrationStep =
  | { readonly kind: 'table'; readonly table: string; readonly definition: TableDefinition }
  | {
      readonly kind: 'columns'
      readonly table: string
      readonly columns: Readonly<Record<string, AddedColumnKind>>
    }
  | { readonly kind: 'index'; readonly table: string; readonly columns: readonly string[] }
  | { readonly kind: 'rows'; readonly write: (db: Kysely<Tables>, dialect: SqlDialect) => Compilable }

/** Creates a table with its indexes. */
export const createTable = (table: string, definition: TableDefinition): MigrationStep => ({
  kind: 'table',
  table,
  definition,
})

/** Adds columns. `time = 0` and the like cannot be null, and are 0 in the rows that exist. */
export const addColumns = (
  table: string,
  columns: Readonly<Record<string, AddedColumnKind>>,
): MigrationStep => ({ kind: 'columns', table, columns })

/** Adds an index that is not unique. PostgreSQL blocks writes to the table while it builds one: see CONTRIBUTING.md. */
export const addIndex = (table: string, columns: readonly string[]): MigrationStep => ({
  kind: 'index',
  table,
  columns,
})

/** Inserts or updates rows. It may run twice, so it must do nothing the second time. */
export const writeRows = (write: (db: Kysely<Tables>, dialect: SqlDialect) => Compilable): MigrationStep => ({
  kind: 'rows',
  write,
})

/** One statement of a step. */
export interface Statement {
  readonly query: Compilable
  /** What it creates: `table`, `table.column` or `table.index`. Undefined if it creates nothing. */
  readonly creates?: string
}

/** Returns the statements of a step. */
export function statementsOf(
  step: MigrationStep,
  db: Kysely<Tables>,
  dialect: SqlDialect,
): readonly Statement[] {
  if (step.kind === 'table') return statementsOfTable(step.table, step.definition, db, dialect)
  if (step.kind === 'columns') return statementsOfColumns(step.table, step.columns, db, dialect)
  if (step.kind === 'index') return [indexStatement(db, step.table, step.columns)]
  return [{ query: step.write(db, dialect) }]
}

function statementsOfTable(
  table: string,
  { columns, primaryKey, unique = [], indexes = [] }: TableDefinition,
  db: Kysely<Tables>,
  { types, clauses }: SqlDialect,
): readonly Statement[] {
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(table)
  for (const [column, kind] of Object.entries(columns)) {
    builder = builder.addColumn(column, sql.raw(typeOf(types, kind)), (definition) =>
      isRequired(kind) ? definition.notNull() : definition,
    )
  }
  if (primaryKey) builder = builder.addPrimaryKeyConstraint(`${table}_primary`, [...primaryKey])
  return [
    { query: builder.modifyEnd(sql.raw(clauses.createTable)), creates: table },
    ...unique.map((column) => indexStatement(db, table, [column], { isUnique: true })),
    ...indexes.map((list) => indexStatement(db, table, list)),
  ]
}

const typeOf = (types: ColumnTypes, kind: ColumnKind | AddedColumnKind): string =>
  types[kind.replace(/\?| = 0/, '') as keyof ColumnTypes]

/** The type of a `serial` column says all. */
const isRequired = (kind: ColumnKind): boolean => !kind.endsWith('?') && kind !== 'serial'

const statementsOfColumns = (
  table: string,
  columns: Readonly<Record<string, AddedColumnKind>>,
  db: Kysely<Tables>,
  { types }: SqlDialect,
): readonly Statement[] =>
  Object.entries(columns).map(([column, kind]) => ({
    query: db.schema
      .alterTable(table)
      .addColumn(column, sql.raw(typeOf(types, kind)), (definition) => withDefault(definition, kind)),
    creates: `${table}.${column}`,
  }))

const withDefault = (definition: ColumnDefinitionBuilder, kind: AddedColumnKind): ColumnDefinitionBuilder =>
  kind.endsWith(' = 0') ? definition.notNull().defaultTo(0) : definition

/** An index is named after its columns. */
function indexStatement(
  db: Kysely<Tables>,
  table: string,
  columns: readonly string[],
  { isUnique = false } = {},
): Statement {
  const name = `${table}_${columns.join('_')}`
  let builder = db.schema
    .createIndex(name)
    .on(table)
    .columns([...columns])
  if (isUnique) builder = builder.unique()
  return { query: builder, creates: `${table}.${name}` }
}
