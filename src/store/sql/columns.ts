import { sql } from 'kysely'
import type { ColumnType, RawBuilder } from 'kysely'

/** A 64-bit integer as a driver returns it, which may be text. Convert it with `Number`. */
export type AnyInteger = number | bigint | string

/** An ID that the database assigns. */
export type Serial = ColumnType<AnyInteger, never, never>

export type Integer = ColumnType<AnyInteger, number, number>
export type NullableInteger = ColumnType<AnyInteger | null, number | null, number | null>

export const toFlag = (value: boolean): number => (value ? 1 : 0)

export const fromFlag = (value: AnyInteger): boolean => Number(value) === 1

export const toJson = (value: unknown): string => JSON.stringify(value)

export const fromJson = (text: string): readonly string[] => JSON.parse(text) as string[]

export const numberOrNull = (value: AnyInteger | null): number | null =>
  value === null ? null : Number(value)

/** Returns the greater of two expressions. Databases have different functions for this. */
export const greaterOf = (left: RawBuilder<number>, right: RawBuilder<number>): RawBuilder<number> =>
  sql`case when ${left} > ${right} then ${left} else ${right} end`
