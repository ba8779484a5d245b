import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, TransactionAddition } from './database.ts'

/** An addition to the next transaction. */
interface PendingAddition {
  readonly addition: TransactionAddition
  /** False after a transaction has run it, and after the work: timers that it started must not. */
  isOpen: boolean
  isAdded: boolean
}

/** Transactions that can have an addition. */
export interface Additions extends Pick<Database, 'transaction' | 'withAddition'> {
  /** Returns whether the next transaction here has one. */
  readonly hasAddition: () => boolean
}

/** Adds to transactions. `run` runs one without an addition. */
export function createAdditions(run: Database['transaction']): Additions {
  const additions = new AsyncLocalStorage<PendingAddition>()
  return {
    async transaction(durability, body) {
      const pending = additions.getStore()
      if (!pending?.isOpen) return run(durability, body)
      const result = await run(durability, async (queries) => {
        const outcome = await body(queries)
        await pending.addition(queries, outcome)
        return outcome
      })
      pending.isAdded = true
      pending.isOpen = false
      return result
    },
    async withAddition(addition, work) {
      const pending: PendingAddition = { addition, isOpen: true, isAdded: false }
      const result = await additions.run(pending, work).finally(() => (pending.isOpen = false))
      return { result, isAdded: pending.isAdded }
    },
    hasAddition: () => additions.getStore()?.isOpen === true,
  }
}
