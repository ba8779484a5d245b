/**
 * The floors of a refresh and a code exchange on a database server: the form, the fewest statements that can be safe, one
 * ES256 signature, the response. The driver and the server are those of Consulate.
 */
import { randomUUID } from 'node:crypto'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { createOwnDatabase } from '../server.ts'
import type { Start } from '../target.ts'
import { ROWS, authorization, idOf } from './parts/database.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { codeForm, refreshToken, tokenRequest } from './parts/requests.ts'
import { LIFETIME, issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'

/** Runs a prepared statement with `?` for parameters. Returns the number of rows that it found or changed. */
type Run = (sql: string, values: readonly unknown[]) => Promise<number>

interface Driver {
  readonly run: Run
  /** Spends a code and inserts its authorization. Returns whether it did. */
  readonly exchange: (spend: readonly unknown[], insert: readonly unknown[]) => Promise<boolean>
  end(): Promise<void>
}

const TABLES = [
  `CREATE TABLE authorizations (id VARCHAR(64) PRIMARY KEY, client_id VARCHAR(64), user_id VARCHAR(64),
    session_id VARCHAR(64), scopes VARCHAR(255), seed_hash VARCHAR(64), generation BIGINT, last_used_at BIGINT,
    expires_at BIGINT, access_expires_at BIGINT)`,
  `CREATE TABLE codes (code VARCHAR(64) PRIMARY KEY, authorization_id VARCHAR(64), expires_at BIGINT, spent_at BIGINT)`,
]
const COLUMNS =
  'id, client_id, user_id, session_id, scopes, seed_hash, generation, last_used_at, expires_at, access_expires_at'
const INSERT = `INSERT INTO authorizations (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const SPEND = 'UPDATE codes SET spent_at = ? WHERE code = ? AND spent_at IS NULL AND expires_at > ?'
const FIND = 'SELECT * FROM codes WHERE code = ?'
const ADVANCE = `UPDATE authorizations SET generation = ?, last_used_at = ?, expires_at = ?, access_expires_at = ?
  WHERE id = ? AND generation = ?`

/** Two round trips: the search for the code, and one statement. */
const SPEND_AND_INSERT = `WITH spent AS (${SPEND} RETURNING 1)
  INSERT INTO authorizations (${COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM spent`

function onPostgres(connectionString: string): Driver {
  const pool = new Pool({ connectionString })
  // An idle connection may see the server stop.
  pool.on('error', () => undefined)
  const texts = new Map<string, string>()
  const numbered = (sql: string): string => {
    let count = 0
    return sql.replaceAll('?', () => `$${(count += 1)}`)
  }
  const run: Run = async (sql, values) => {
    const text = texts.get(sql) ?? numbered(sql)
    texts.set(sql, text)
    return (await pool.query({ name: String(text.length), text, values: [...values] })).rowCount ?? 0
  }
  return {
    run,
    exchange: async (spend, insert) => (await run(SPEND_AND_INSERT, [...spend, ...insert])) === 1,
    end: () => pool.end(),
  }
}

function onMariadb(uri: string): Driver {
  const pool = createPool({ uri })
  const countOf = (answer: unknown): number =>
    Array.isArray(answer) ? answer.length : (answer as { affectedRows: number }).affectedRows
  return {
    run: async (sql, values) => countOf((await pool.execute(sql, values as string[]))[0]),
    async exchange(spend, insert) {
      const connection = await pool.getConnection()
      try {
        await connection.beginTransaction()
        const [spent] = await connection.execute(SPEND, spend as string[])
        if (countOf(spent) === 1) await connection.execute(INSERT, insert as string[])
        await connection.commit()
        return countOf(spent) === 1
      } finally {
        connection.release()
      }
    },
    end: () => pool.end(),
  }
}

async function open() {
  const database = await createOwnDatabase()
  const driver = (database.url.startsWith('postgres:') ? onPostgres : onMariadb)(database.url)
  for (const table of TABLES) await database.query(table)
  const numbers = Array.from({ length: ROWS }, (_, number) => number)
  await Promise.all(numbers.map((number) => driver.run(INSERT, [idOf(number), ...authorization()])))
  const stop = async (): Promise<void> => {
    await driver.end()
    await database.drop()
  }
  return { driver, stop }
}

/** Answers with what `issue` returns for the form, or 400. */
const serve = (issue: (form: URLSearchParams) => Promise<string | undefined>) =>
  listen((request, response) =>
    readForm(request, (form) => {
      void issue(form).then((token) =>
        token === undefined
          ? response.writeHead(400).end()
          : answerJson(response, tokenAnswer(issueToken(SCOPE), SCOPE, token)),
      )
    }),
  )

const refresh: Start = async () => {
  const { driver, stop } = await open()
  const generations = new Map<string, number>()
  const server = await serve(async (form) => {
    const [, id = '', generation] = (form.get('refresh_token') ?? '').split('.')
    const [now, current] = [Date.now(), Number(generation)]
    const next = [current + 1, now, now + 30 * 86_400_000, now + LIFETIME * 1000]
    if ((await driver.run(ADVANCE, [...next, id, current])) !== 1) return undefined
    generations.set(id, current + 1)
    return refreshToken(id, current + 1)
  })
  return {
    port: server.port,
    prepare: async (_, count) =>
      Array.from({ length: count }, (_unused, index) => {
        const id = idOf(Math.floor((index * ROWS) / count))
        const token = refreshToken(id, generations.get(id) ?? 0)
        return tokenRequest({ grant_type: 'refresh_token', refresh_token: token })
      }),
    stop: () => server.stop().then(stop),
  }
}

const code: Start = async () => {
  const { driver, stop } = await open()
  const ids = new Map<string, string>()
  const server = await serve(async (form) => {
    const [given, now] = [form.get('code') ?? '', Date.now()]
    if ((await driver.run(FIND, [given])) !== 1) return undefined
    const id = ids.get(given) ?? ''
    return (await driver.exchange([now, given, now], [id, ...authorization()]))
      ? refreshToken(id, 0)
      : undefined
  })
  const addCode = async (): Promise<string> => {
    const [added, id] = [`${randomUUID()}${randomUUID()}`.slice(0, 43), randomUUID().slice(0, 22)]
    ids.set(added, id)
    await driver.run('INSERT INTO codes VALUES (?, ?, ?, NULL)', [added, id, Date.now() + 600_000])
    return added
  }
  return {
    port: server.port,
    prepare: async (_, count) =>
      (await Promise.all(Array.from({ length: count }, addCode))).map((added) =>
        tokenRequest(codeForm(added)),
      ),
    stop: () => server.stop().then(stop),
  }
}

export const variants: Readonly<Record<string, Start>> = { refresh, code }
