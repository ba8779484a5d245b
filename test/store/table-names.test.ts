import { describe, expect, onTestFinished, test } from 'vitest'
import { postgres } from '../../src/store/postgres.ts'
import { NOW, signIn } from '../../src/testing/store/samples.ts'
import { cutoffsAt } from '../../src/testing/store/purge-steps.ts'
import { hasPostgres, openPostgres } from '../support/postgres.ts'

describe.runIf(hasPostgres)('a schema and a table prefix', () => {
  test('name everything that migrations create', async () => {
    const database = await openPostgres()
    onTestFinished(database.drop)
    const store = postgres({ url: database.url, schema: 'auth', tablePrefix: 'oauth_' })
    onTestFinished(store.close)
    expect(await store.migrationSql()).toContain('create table "auth"."oauth_clients"')
    await store.migrate()
    expect(await store.pendingMigrations()).toEqual([])
    const relations = await database.query(
      `select relname as name, relnamespace::regnamespace::text as schema from pg_class where relname !~ '^pg_'
       and relnamespace::regnamespace::text in ('auth', 'public') and relkind in ('r', 'i', 'S')`,
    )
    expect(relations.length).toBeGreaterThan(40)
    expect(relations.filter(({ name, schema }) => schema !== 'auth' || !name?.startsWith('oauth_'))).toEqual(
      [],
    )
    await signIn(store)
    expect(await store.sessions.find('laptop')).toBeDefined()
    await store.purge.step({
      kind: 'sessions',
      cutoffs: cutoffsAt(NOW),
      after: undefined,
      limit: 1,
      isDryRun: false,
    })
    await store.purge.step({
      kind: 'audit',
      cutoffs: cutoffsAt(NOW),
      after: undefined,
      limit: 1,
      isDryRun: false,
    })
  })
})
