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
    read: (table) => CompiledQuery.raw(LAST_VALUE, [qualified(table)]),
    raise: (table, value) => [CompiledQuery.raw(SET_VALUE, [qualified(table), value])],
  }
}

const LAST_VALUE = "select pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass) as value"
const SET_VALUE = "select setval(pg_get_serial_sequence($1, 'id'), $2)"
