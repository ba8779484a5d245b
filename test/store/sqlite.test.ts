import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { storeSuite } from '../../src/testing/index.ts'

describe('SQLite', () => {
  storeSuite({ describe, test, expect }, async () => {
    const store = sqlite(':memory:')
    await store.migrate()
    return store
  })
})
