import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import type { storeSuite as StoreSuite } from '../../src/testing/index.ts'
import { ROOT } from '../house/repository.ts'
import { DATABASES, type DatabaseKind } from '../support/databases.ts'
import { isThorough } from '../support/dose.ts'
import { checkOutOldVersion, hasOldVersion } from '../support/old-version.ts'

/** An earlier version of the program, and how its store opens a database. */
interface OldVersion {
  readonly commit: string
  readonly open: (path: string) => Promise<(url: string) => Store>
}

/** The first ones whose programs start beside later migrations. Replace them with each release. */
const OLD_VERSIONS: Readonly<Record<DatabaseKind['name'], OldVersion>> = {
  // Knows migrations up to 0013.
  SQLite: {
    commit: '5d232c57f0244bf6940b35303180db682119a8cb',
    async open(root) {
      const { sqlite } = await importFrom<{ sqlite: (path: string) => Store }>(root, 'src/store/sqlite.ts')
      return (url) => sqlite(url.replace('sqlite:', ''))
    },
  },
  // Knows migrations up to 0015.
  PostgreSQL: {
    commit: '2a1ada6ecb018ed9318bd7ab5c68a5710b02dd68',
    async open(root) {
      const path = 'src/store/postgres.ts'
      const { postgres } = await importFrom<{ postgres: (url: string) => Store }>(root, path)
      return postgres
    },
  },
  // Has the first store in MySQL.
  MariaDB: { commit: '477483ebfc85bdde96c106a16fbf2fd59a90c6ec', open: openMysql },
  MySQL: { commit: '477483ebfc85bdde96c106a16fbf2fd59a90c6ec', open: openMysql },
}

async function openMysql(root: string): Promise<(url: string) => Store> {
  const { mysql } = await importFrom<{ mysql: (url: string) => Store }>(root, 'src/store/mysql.ts')
  return mysql
}

const importFrom = async <Module>(root: string, path: string): Promise<Module> =>
  (await import(/* @vite-ignore */ join(root, path))) as Module

/** Suites of tests, by the folder of the version that they come from. */
const suiteOf = async (root: string): Promise<typeof StoreSuite> =>
  (await importFrom<{ storeSuite: typeof StoreSuite }>(root, 'src/testing/index.ts')).storeSuite

for (const { name, isAvailable, open } of DATABASES) {
  const { commit, open: openVersion } = OLD_VERSIONS[name] ?? expect.fail(`no earlier version on ${name}`)
  const isPossible = isThorough && isAvailable && hasOldVersion(commit)
  // Tests that are only listed, as skipped, come from this version.
  const root = isPossible ? await checkOutOldVersion(commit) : ROOT

  describe.runIf(isPossible)(`an earlier version, on tables of this one in ${name}`, async () => {
    const [storeSuite, openOld] = [await suiteOf(root), await openVersion(root)]
    storeSuite({ describe, test, expect }, async () => {
      const { url, drop } = await open()
      const old = openOld(url)
      expect(await old.migrate()).toEqual([])
      return { ...old, close: () => old.close().then(drop) }
    })
  })
}
