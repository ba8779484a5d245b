import { CompiledQuery } from 'kysely'
import type { SerialCounters } from '../sql/dialect.ts'
import { nameWith } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'

/** Returns the sequences of the identity columns. */
export function createCounters(names: TableNames): SerialCounters {
  const qualified = (table: string): string =>
    [names.schema, nameWith(names, table)]
      .filter((part) => part !== undefined)
      .map((part) => `"${part}"`)
      .join('.')
  return {
    async read(run, table) {
      const query = CompiledQuery.raw(LAST_VALUE, [qualified(table)])
      const [row] = await run<{ readonly value: string | null }>(query)
      return Number(row?.value ?? 0)
    },
    async raise(run, table, value) {
      await run(CompiledQuery.raw(SET_VALUE, [qualified(table), value]))
    },
  }
}

const LAST_VALUE = "select pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass) as value"
const SET_VALUE = "select setval(pg_get_serial_sequence($1, 'id'), $2)"
