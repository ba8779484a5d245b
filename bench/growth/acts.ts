/**
 * `npm run bench:growth -- acts --database postgres`: how many rows and bytes each act adds to each table, as the difference
 * that a thousand of them make.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Store } from '../../src/index.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { apiRequest } from '../floors/parts/requests.ts'
import { align } from '../report.ts'
import type { PreparedRequest } from '../target.ts'
import { startConsulate } from '../targets/consulate.ts'
import { openDatabase, openStore, parseDatabase } from './database.ts'

const OPTIONS = {
  database: { type: 'string', default: 'sqlite' },
  times: { type: 'string', default: '1000' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const times = Number(values.times)
/** Longer than the audit log and the times of last use wait before they are written. */
const WRITE_DELAY = 2500

const database = await openDatabase(parseDatabase(values.database))
let store: Store | undefined
const target = await startConsulate({
  authorizations: 0,
  openStore: async () => (store ??= await openStore(database.name, database.location)),
})

interface State {
  readonly rows: ReadonlyMap<string, number>
  readonly bytes: number
}

async function read(): Promise<State> {
  await sleep(WRITE_DELAY)
  const sizes = await database.sizes()
  const rows = new Map<string, number>()
  for (const table of sizes.keys()) {
    const [row] = await database.query(`SELECT count(*) AS count FROM ${table}`)
    rows.set(table, Number(row?.['count']))
  }
  const bytes = [...sizes.values()].reduce((sum, { table, indexes }) => sum + table + indexes, 0)
  return { rows, bytes }
}

/** Returns how many rows and bytes each act adds, and what the acts returned. */
async function measure<Result>(name: string, act: (index: number) => Promise<Result>) {
  const before = await read()
  const results: Result[] = []
  for (let index = 0; index < times; index += 1) results.push(await act(index))
  const after = await read()
  const rows = [...after.rows]
    .map(
      ([table, count]) =>
        [table.replace('consulate_', ''), (count - (before.rows.get(table) ?? 0)) / times] as const,
    )
    .filter(([, count]) => count >= 0.01)
    .map(([table, count]) => `${Number(count.toFixed(2))} ${table}`)
  return {
    line: [name, String(Math.round((after.bytes - before.bytes) / times)), ` ${rows.join(', ') || 'none'}`],
    results,
  }
}

type Answer = Readonly<Record<'access_token' | 'refresh_token', string>>

async function send({ method, path, headers, body }: PreparedRequest): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${target.port}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  })
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
  const text = await response.text()
  return (text.startsWith('{') ? JSON.parse(text) : {}) as Answer
}

const [user] = await database.query('SELECT id FROM consulate_users')
const newSession = (id: string) => ({
  id,
  provider: 'users',
  userId: String(user?.['id']),
  cookieHash: randomBase64url(32),
  appSessionHash: null,
  deviceName: 'Chrome on Linux',
  userAgent:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  address: '192.0.2.1',
  issuerEpoch: 0,
  userEpoch: 0,
  createdAt: Date.now(),
  authenticatedAt: Date.now(),
  lastSeenAt: Date.now(),
  expiresAt: Date.now() + 86_400_000,
  isPersistent: false,
  methods: ['pwd'],
  revokedAt: null,
})

const sessions = await measure('sign-in in a browser', async () => {
  const session = newSession(randomBase64url(16))
  await store?.sessions.insert(session, session.userId)
  return session.id
})
const codes = await measure('authorization code', async () => (await target.prepare('code', 1))[0])
const exchanges = await measure('code exchange', async (index) =>
  send(codes.results[index] as PreparedRequest),
)
const withToken = (index: number, form: Readonly<Record<string, string>>, path?: string): PreparedRequest => {
  const request = codes.results[index] as PreparedRequest
  return { ...request, path: path ?? request.path, body: new URLSearchParams(form).toString() }
}
const refreshes = await measure('refresh', async (index) =>
  send(
    withToken(index, {
      grant_type: 'refresh_token',
      refresh_token: exchanges.results[index]?.refresh_token ?? '',
    }),
  ),
)
const again = await measure('another refresh', async (index) =>
  send(
    withToken(index, {
      grant_type: 'refresh_token',
      refresh_token: refreshes.results[index]?.refresh_token ?? '',
    }),
  ),
)
const calls = await measure('guarded call', async (index) =>
  send(apiRequest(again.results[index]?.access_token ?? '')),
)
const machines = await measure('client credentials', async (index) =>
  send(withToken(index, { grant_type: 'client_credentials' })),
)
const revocations = await measure('revocation of an app', async (index) =>
  send(withToken(index, { token: again.results[index]?.refresh_token ?? '' }, '/oauth/revoke')),
)
const signOuts = await measure('sign-out of a browser', async (index) =>
  store?.revocations.revoke({ kind: 'session', id: sessions.results[index] ?? '' }, Date.now()),
)
const all = [sessions, codes, exchanges, refreshes, again, calls, machines, revocations, signOuts]
console.log(
  [
    `${database.name}, ${times.toLocaleString('en')} of each`,
    ...align([['', 'bytes', ' rows'], ...all.map(({ line }) => line)]),
  ].join('\n'),
)
await target.stop()
await database.stop()
