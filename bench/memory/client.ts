/** The memory per cached client. A server caches at most 5,000, so this uses the caches of 20 servers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClientCache } from '../../src/clients/cache.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { aliveBytes, fileBytes, report } from './parts/finding.ts'

const [CACHES, EACH] = [20, 5_000]
const COUNT = CACHES * EACH
const HOUR = 3_600_000

const folder = await mkdtemp(join(tmpdir(), 'bench-'))
const file = join(folder, 'consulate.db')
const store = sqlite(file)
await store.migrate()
await store.clients.insert({ ...sampleClient(), id: 'client 0' })
const caches = Array.from({ length: CACHES }, () => createClientCache(store.clients, systemClock, HOUR))
await caches[0]?.find('client 0')

const [heap, disk] = [aliveBytes(), fileBytes(file)]
insertCopies()
const grown = fileBytes(file) - disk
for (const [index, cache] of caches.entries()) {
  for (let number = 1; number <= EACH; number += 1) await cache.find(`client ${index * EACH + number}`)
}
report({ what: 'client in the cache', count: COUNT, heap: aliveBytes() - heap, disk: grown })
if ((await caches.at(-1)?.find(`client ${COUNT}`)) === undefined) throw new Error('a client was not found')
await store.close()
await rm(folder, { recursive: true })

function insertCopies(): void {
  const database = new DatabaseSync(file)
  database.exec('BEGIN; CREATE TEMP TABLE first AS SELECT * FROM consulate_clients')
  const change = database.prepare('UPDATE first SET id = ?')
  const copy = database.prepare('INSERT INTO consulate_clients SELECT * FROM first')
  for (let number = 1; number <= COUNT; number += 1) {
    change.run(`client ${number}`)
    copy.run()
  }
  database.exec('COMMIT')
  database.close()
}
