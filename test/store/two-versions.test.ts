import { copyFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import type { storeSuite as StoreSuite } from '../../src/testing/index.ts'
import { ROOT } from '../house/repository.ts'
import { isThorough } from '../support/dose.ts'
import { checkOutOldVersion, hasOldVersion } from '../support/old-version.ts'
import { createFolder } from './races/processes.ts'

const old = isThorough && hasOldVersion ? await checkOutOldVersion() : undefined

/** Imports a module of the earlier version; of this one if the tests are only listed as skipped. */
const importOld = async <Module>(path: string): Promise<Module> =>
  (await import(/* @vite-ignore */ join(old ?? ROOT, path))) as Module

describe.runIf(old)('an earlier version, on tables of this one', async () => {
  const { storeSuite } = await importOld<{ storeSuite: typeof StoreSuite }>('src/testing/index.ts')
  const { sqlite: oldSqlite } = await importOld<{ sqlite: (path: string) => Store }>('src/store/sqlite.ts')
  const template = join(await mkdtemp(join(tmpdir(), 'consulate-template-')), 'template.db')
  const store = sqlite(template)
  await store.migrate()
  await store.close()
  storeSuite({ describe, test, expect }, async () => {
    const path = join(await createFolder(), 'data.db')
    await copyFile(template, path)
    const opened = oldSqlite(path)
    expect(await opened.migrate()).toEqual([])
    return opened
  })
})
