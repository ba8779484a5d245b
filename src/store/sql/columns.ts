import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { AnyInteger } from './tables.ts'

export const toFlag = (value: boolean): number => (value ? 1 : 0)

export const fromFlag = (value: AnyInteger): boolean => Number(value) === 1

export const toJson = (value: unknown): string => JSON.stringify(value)

export const fromJson = (text: string): readonly string[] => JSON.parse(text) as string[]

export const numberOrNull = (value: AnyInteger | null): number | null =>
  value === null ? null : Number(value)

/** Returns the greater of a column and a value. Databases have different functions for this. */
export const greaterOf = (column: string, value: number): RawBuilder<number> =>
  sql`case when ${sql.ref(column)} < ${value} then ${value} else ${sql.ref(column)} end`
