import { CompiledQuery } from 'kysely'
import type { MigrationRules } from '../sql/dialect.ts'
import { nameWithout } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'
import { isMissingTable } from './errors.ts'

/** How long (ms) a migration waits for another one. */
const LOCK_TIMEOUT = 2_000

/** How long (ms) it waits for the transactions that use a table: requests wait behind it. Most transactions take less. */
const TABLE_TIMEOUT = 100

/** How long (ms) requests use the tables before it tries again. */
const PAUSE = 1_000

/** Returns how the tables are migrated. */
export const createMigrationRules = (names: TableNames): MigrationRules => ({
  async lock(run) {
    const limits = `set local lock_timeout = ${LOCK_TIMEOUT}; set local statement_timeout = 0`
    await run(CompiledQuery.raw(limits))
    // Ends with the transaction, so that a pooler cannot keep it.
    await run(
      CompiledQuery.raw('select pg_advisory_xact_lock(hashtextextended($1, 0)::bigint)', [keyOf(names)]),
    )
    for (const statement of createSchema(names)) await run(CompiledQuery.raw(statement))
    await run(CompiledQuery.raw(`set local lock_timeout = ${TABLE_TIMEOUT}`))
  },
  pause: PAUSE,
  async listExisting(run) {
    const rows = await run(CompiledQuery.raw(INDEXES, [names.schema ?? null]) as CompiledQuery<IndexRow>)
    return new Set(rows.map(({ owner, name }) => `${nameWithout(names, owner)}.${nameWithout(names, name)}`))
  },
  isMissingTable,
  script: {
    command: 'psql --set ON_ERROR_STOP=1 --file SCRIPT URL',
    begin: ['begin', ...createSchema(names)],
    end: ['commit'],
  },
})

/** Stores with other tables in the same database migrate at the same time. */
const keyOf = ({ schema = '', prefix }: TableNames): string => `consulate migrations ${schema}.${prefix}`

/** Without the condition, a user would need the permission to create schemas even if it exists. */
const createSchema = ({ schema }: TableNames): readonly string[] =>
  schema === undefined
    ? []
    : [`do $$ begin if to_regnamespace('${schema}') is null then create schema "${schema}"; end if; end $$`]

interface IndexRow {
  readonly owner: string
  readonly name: string
}

/** Without a schema, those that the search path of the connection finds. An index that could not be finished is invalid. */
const INDEXES = `select t.relname as owner, i.relname as name
  from pg_catalog.pg_index as x
  join pg_catalog.pg_class as i on i.oid = x.indexrelid
  join pg_catalog.pg_class as t on t.oid = x.indrelid
  where x.indisvalid and case when $1::text is null then pg_catalog.pg_table_is_visible(t.oid)
    else t.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1) end`
