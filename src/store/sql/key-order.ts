import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'

type Values = readonly (string | number | null)[]

const refs = (columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql.ref(column)))

/** The keys after another one, in the order of an index. */
export const isAfterTuple = (key: readonly string[], values: Values): RawBuilder<unknown> =>
  sql`(${refs(key)}) > (${sql.join([...values])})`

/** The same for databases that do not use an index to compare tuples: (a > 1) or (a = 1 and b > 2). */
export const isAfterRanges = (key: readonly string[], values: Values): RawBuilder<unknown> =>
  sql`(${sql.join(
    key.map(
      (column, index) =>
        sql`(${sql.join(
          [
            ...key.slice(0, index).map((earlier, position) => sql`${sql.ref(earlier)} = ${values[position]}`),
            sql`${sql.ref(column)} > ${values[index]}`,
          ],
          sql` and `,
        )})`,
    ),
    sql` or `,
  )})`
