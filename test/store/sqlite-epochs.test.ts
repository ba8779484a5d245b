import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { ALICE, authorize, NOW, sampleRefresh } from '../../src/testing/store/samples.ts'
import { openMigrated } from './races/processes.ts'

/** Epochs are the second line: a row that was written back by hand, or by a defect, is still revoked. */
test.each([
  { kind: 'issuer' },
  { kind: 'client', id: 'web' },
  { kind: 'user', user: ALICE, subject: 'alice' },
] as const)(
  'a row that is not marked as revoked cannot be refreshed after its epoch ($kind)',
  async (target) => {
    const { path, store } = await openMigrated()
    await authorize(store)
    await store.revocations.revoke(target, NOW)
    using database = new DatabaseSync(path)
    database.exec('update consulate_authorizations set revoked_at = null')
    expect((await store.authorizations.find('azn'))?.revokedAt).toBe(null)
    expect(await store.authorizations.refresh(sampleRefresh())).toBe(undefined)
    database.exec('delete from consulate_epochs')
    expect((await store.authorizations.refresh(sampleRefresh()))?.id).toBe('azn')
  },
)
