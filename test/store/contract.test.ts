import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { storeSuite } from '../../src/testing/index.ts'
import { DATABASES } from '../support/databases.ts'

describe('SQLite in memory', () => {
  storeSuite({ describe, test, expect }, async () => {
    const store = sqlite(':memory:')
    await store.migrate()
    return store
  })
})

// The tests of their statements run it on pools set to SERIALIZABLE too.
describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))('$name', ({ isAvailable, open }) => {
  describe.runIf(isAvailable)('on a server', () => {
    storeSuite({ describe, test, expect }, async () => {
      const { store, drop } = await open()
      return { ...store, close: drop }
    })
  })
})
