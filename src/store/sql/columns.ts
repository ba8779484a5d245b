import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { AnyInteger } from './tables.ts'

/** A boolean as it is kept. */
export const toFlag = (value: boolean): number => (value ? 1 : 0)

/** A boolean that was kept with `toFlag`. */
export const fromFlag = (value: AnyInteger): boolean => Number(value) === 1

/** A list as it is kept: JSON. */
export const toJson = (value: unknown): string => JSON.stringify(value)

/** Texts that were kept with `toJson`. */
export const fromJson = (text: string): readonly string[] => JSON.parse(text) as string[]

/** A number that may be missing. */
export const numberOrNull = (value: AnyInteger | null): number | null =>
  value === null ? null : Number(value)

/** The greater of a column and a value: `max` and `greatest` are not the same word everywhere. */
export const greaterOf = (column: string, value: number): RawBuilder<number> =>
  sql`case when ${sql.ref(column)} < ${value} then ${value} else ${sql.ref(column)} end`
