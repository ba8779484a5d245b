import { sql } from 'kysely'
import type { LeaseChange, LeaseStore } from '../leases.ts'
import type { Database } from './database.ts'
import { prepare } from './prepare.ts'

export function createLeaseStore({ db, dialect: { clauses }, first, change, execute }: Database): LeaseStore {
  const find = prepare(({ name }: { name: string }) =>
    db.selectFrom('consulate_leases').select(['holder', 'version', 'state']).where('name', '=', name),
  )
  const insert = prepare(({ name }: { name: string }) =>
    db
      .insertInto('consulate_leases')
      .values({ name, holder: null, version: 0, state: null })
      .modifyEnd(sql.raw(clauses.keepExisting('name'))),
  )
  const update = prepare(({ name, holder, from, state }: LeaseChange & { name: string }) =>
    db
      .updateTable('consulate_leases')
      .set({ holder, state, version: sql<number>`version + 1` })
      .where('name', '=', name)
      .where('version', '=', from),
  )
  return {
    async find(name) {
      const row = await first(find({ name }))
      if (row && Number(row.version) > 0) return { ...row, version: Number(row.version) }
      return undefined
    },
    async change(name, next) {
      if (next.from === 0) await execute(insert({ name }))
      return change(update({ ...next, name }))
    },
  }
}
