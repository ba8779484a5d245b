import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { storeSuite } from '../../src/testing/index.ts'
import { DATABASES, SERIALIZABLE } from '../support/databases.ts'

describe('SQLite in memory', () => {
  storeSuite({ describe, test, expect }, async () => {
    const store = sqlite(':memory:')
    await store.migrate()
    return store
  })
})

const SERVERS = [...DATABASES.filter(({ name }) => name !== 'SQLite'), ...SERIALIZABLE]

describe.each(SERVERS)('$name', ({ isAvailable, open }) => {
  describe.runIf(isAvailable)('on a server', () => {
    storeSuite({ describe, test, expect }, async () => {
      const { store, drop } = await open()
      return { ...store, close: drop }
    })
  })
})
