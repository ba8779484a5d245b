import { sql } from 'kysely'
import type { SqlBool } from 'kysely'
import type { PurgeKind } from '../../model/purge-kind.ts'
import type { PurgeCutoffs, PurgeStore } from '../purge.ts'
import { greaterOf, type AnyInteger } from './columns.ts'
import type { Database } from './database.ts'
import { prepare, type PreparedQuery } from './prepare.ts'
import { PURGEABLES, type Due, type Purgeable } from './purgeable.ts'

type Key = string | number

/**
 * Where a database has one writer, all others wait until a step has deleted its rows. Row locks hold up nobody, because no
 * request changes such rows, but a step uses the processor and the disk of the server. Its steps are never tiny, because their
 * time includes that of the network.
 */
const STEP_SIZE = { oneWriter: { time: 1, least: 8 }, rowLocks: { time: 5, least: 64 } } as const

/** The last row of a step: its key, and the time by which the rows are ordered. */
interface Position {
  readonly time: number
  readonly key: Key
}

/**
 * Walks along the times at which rows are due, so that a purge reads only rows that it may delete. A row that is kept gets
 * a later time. So the rows that are left are the position: a purge that was killed continues where it was.
 *
 * Refreshes don't change these times, because each would have to move an entry of the index.
 */
export function createPurgeStore(database: Database): PurgeStore {
  const {
    db,
    dialect: { clauses },
    background: { first },
  } = database
  const walks = Object.fromEntries(
    Object.entries(PURGEABLES).map(([kind, purgeable]) => [kind, createWalk(database, purgeable)]),
  ) as Record<PurgeKind, PurgeStore['step']>
  return {
    stepSize: clauses.forUpdate === '' ? STEP_SIZE.oneWriter : STEP_SIZE.rowLocks,
    async count(kind, cutoffs) {
      const { table, due } = PURGEABLES[kind]
      const rows = db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll().as('rows'))
        .$if(due !== undefined && cutoffs !== undefined, (query) =>
          query.where(sql<SqlBool>`${sql.ref(due?.column ?? '')} <= ${cutoffs && due?.until(cutoffs)}`),
        )
      return Number((await first(rows.compile()))?.rows ?? 0)
    },
    step: (step) => walks[step.kind](step),
  }
}

/**
 * Creates the steps through one table. The rows are read first, so that they are only locked while they are deleted. The
 * deletion repeats the condition, so a row that is refreshed meanwhile is kept.
 */
function createWalk(database: Database, purgeable: Purgeable): PurgeStore['step'] {
  const { all, first, execute, clock } = database.background
  const { due, isOldestFirst } = purgeable
  const select = due ? prepareSelectDue(database, purgeable, due) : prepareSelectAll(database, purgeable)
  const remove = prepareForKeys((names) => prepareDeletion(database, purgeable, names))
  const count = prepareForKeys((names) => prepareCount(database, purgeable, names))
  const postpone =
    due?.next && prepareForKeys((names) => preparePostponement(database, purgeable, due, names))
  return async ({ cutoffs, after, limit, isDryRun }) => {
    const startedAt = clock()
    const until = due?.until(cutoffs) ?? 0
    const given = { ...cutoffs, until, beyond: until + 1 }
    const rows = await all(select({ ...parsePosition(after, purgeable), until, limit }))
    const last = rows.at(-1)
    if (!last) return { count: 0, next: undefined, delay: 0, duration: clock() - startedAt }
    const keys = rows.map(({ key }) => key)
    const found = isDryRun
      ? Number((await first(count(keys, given)))?.rows ?? 0)
      : await execute(remove(keys, given))
    if (!isDryRun && postpone && found < keys.length) await execute(postpone(keys, given))
    const isLast = rows.length < limit || (isOldestFirst && found === 0)
    return {
      count: found,
      next: isLast ? undefined : `${Number(last.time)} ${last.key}`,
      delay: due ? until - Number(last.time) : 0,
      duration: clock() - startedAt,
    }
  }
}

function parsePosition(text: string | undefined, { isSerial }: Purgeable): Position {
  const [time = '-1', key] = text === undefined ? [] : splitOnce(text)
  return { time: Number(time), key: isSerial ? Number(key ?? 0) : (key ?? '') }
}

/** A key may contain spaces. */
function splitOnce(text: string): readonly [string, string] {
  const end = text.indexOf(' ')
  return [text.slice(0, end), text.slice(end + 1)]
}

type Selection = Position & { readonly until: number; readonly limit: number }

const prepareSelectDue = ({ db }: Database, { table, primaryKey }: Purgeable, due: Due) => {
  const [column, key] = [sql.ref<AnyInteger>(due.column), sql.ref<Key>(primaryKey)]
  return prepare((after: Selection) =>
    db
      .selectFrom(table)
      .select([column.as('time'), key.as('key')])
      .where(column, '<=', after.until)
      .where(sql<SqlBool>`(${column}, ${key}) > (${after.time}, ${after.key})`)
      // MariaDB starts here, because it does not use an index for the comparison above. SQLite and PostgreSQL would start
      // here instead of there, were it not for the plus.
      .where(sql<SqlBool>`+${column} >= ${after.time}`)
      .orderBy(column)
      .orderBy(key)
      .limit(after.limit),
  )
}

const prepareSelectAll = ({ db }: Database, { table, primaryKey }: Purgeable) => {
  const key = sql.ref<Key>(primaryKey)
  return prepare((after: Selection) =>
    db
      .selectFrom(table)
      .select([sql<AnyInteger>`0`.as('time'), key.as('key')])
      .where(key, '>', after.key)
      .orderBy(key)
      .limit(after.limit),
  )
}

/** The parameters of a statement. `beyond` is the first time that a purge doesn't look at. */
type Given = PurgeCutoffs & { readonly until: number; readonly beyond: number }

type Statement = Given & Readonly<Record<`key${number}`, Key>>

type KeyNames = (given: Statement) => Key[]

/**
 * Prepares a statement for 16, 32, 64 … keys, and repeats the last key to fill it. A database prepares each text once, and
 * these are few.
 */
function prepareForKeys<Row>(build: (names: KeyNames) => PreparedQuery<Statement, Row>) {
  const prepared = new Map<number, PreparedQuery<Statement, Row>>()
  return (keys: readonly Key[], given: Given) => {
    let size = 16
    while (size < keys.length) size *= 2
    const names = Array.from({ length: size }, (_, index) => `key${index}` as const)
    const query = prepared.get(size) ?? build((statement) => names.map((name) => statement[name] as Key))
    prepared.set(size, query)
    const last = keys.at(-1) ?? ''
    return query({ ...given, ...Object.fromEntries(names.map((name, index) => [name, keys[index] ?? last])) })
  }
}

const prepareDeletion = ({ db }: Database, { table, primaryKey, condition }: Purgeable, names: KeyNames) =>
  prepare((given: Statement) =>
    db
      .deleteFrom(table)
      .where(sql.ref<Key>(primaryKey), 'in', names(given))
      .where(sql<SqlBool>`(${condition(given)})`),
  )

const prepareCount = ({ db }: Database, { table, primaryKey, condition }: Purgeable, names: KeyNames) =>
  prepare((given: Statement) =>
    db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as('rows'))
      .where(sql.ref<Key>(primaryKey), 'in', names(given))
      .where(sql<SqlBool>`(${condition(given)})`),
  )

/** Moves the rows that are kept out of the range of this purge. */
const preparePostponement = (
  { db }: Database,
  { table, primaryKey }: Purgeable,
  { column, next = sql<number>`0` }: Due,
  names: KeyNames,
) =>
  prepare((given: Statement) =>
    db
      .updateTable(table as 'consulate_sessions')
      .set({ purge_at: greaterOf(next, sql.val(given.beyond)) })
      .where(sql.ref<Key>(primaryKey), 'in', names(given))
      .where(sql.ref<number>(column), '<=', given.until),
  )
