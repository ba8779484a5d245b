import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { storeSuite } from '../../src/testing/index.ts'
import { DATABASES } from '../support/databases.ts'
import { isThorough } from '../support/dose.ts'

describe.runIf(isThorough)('SQLite in memory', () => {
  storeSuite({ describe, test, expect }, async () => {
    const store = sqlite(':memory:')
    await store.migrate()
    return store
  })
})

// The tests of the statements of servers run it too, on pools set to SERIALIZABLE: `npm test` runs it there alone.
describe.each(DATABASES)('$name', ({ name, isAvailable, open }) => {
  describe.runIf(isAvailable && (isThorough || name === 'SQLite'))('in a file or on a server', () => {
    storeSuite({ describe, test, expect }, async () => {
      const { store, drop } = await open()
      return { ...store, close: drop }
    })
  })
})
