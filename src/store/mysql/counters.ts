import { CompiledQuery } from 'kysely'
import type { SerialCounters } from '../sql/dialect.ts'
import { nameWith } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'

/** Returns the counters of the `auto_increment` columns. */
export const createCounters = (names: TableNames): SerialCounters => ({
  async read(run, table) {
    // Unlike the information schema of MySQL, this is never a day old.
    const definition = CompiledQuery.raw(`show create table \`${nameWith(names, table)}\``)
    const [row] = await run<Readonly<Record<string, unknown>>>(definition)
    const [, next = '1'] = /\bAUTO_INCREMENT=(\d+)/.exec(String(row?.['Create Table'])) ?? []
    return Number(next) - 1
  },
  async raise(run, table, value) {
    await run(CompiledQuery.raw(`alter table \`${nameWith(names, table)}\` auto_increment = ${value + 1}`))
  },
})
