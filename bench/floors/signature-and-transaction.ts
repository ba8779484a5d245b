/**
 * The floor of a code exchange: the form, one transaction that spends the code and inserts the authorization, one ES256
 * signature, the response.
 */
import { randomUUID } from 'node:crypto'
import type { Start } from '../target.ts'
import { INSERT_AUTHORIZATION, authorization, openDatabase } from './parts/database.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { codeForm, refreshToken, tokenRequest } from './parts/requests.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'

export const start: Start = async () => {
  const { database, remove } = openDatabase()
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) =>
    database.prepare(sql),
  )
  const spend = database.prepare(`
    UPDATE code SET spent_at = ? WHERE code = ? AND spent_at IS NULL AND expires_at > ? RETURNING authorization_id`)
  const insert = database.prepare(INSERT_AUTHORIZATION)

  function exchange(code: string): string | undefined {
    begin?.run()
    const now = Date.now()
    const id = spend.get(now, code, now)?.['authorization_id']
    if (typeof id === 'string') insert.run(id, ...authorization())
    const end = id === undefined ? rollback : commit
    end?.run()
    return typeof id === 'string' ? refreshToken(id, 0) : undefined
  }

  const server = await listen((request, response) =>
    readForm(request, (form) => {
      const token = exchange(form.get('code') ?? '')
      if (token === undefined) response.writeHead(400).end()
      else answerJson(response, tokenAnswer(issueToken(SCOPE), SCOPE, token))
    }),
  )

  const insertCode = database.prepare('INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)')
  function addCode(): string {
    const code = `${randomUUID()}${randomUUID()}`.slice(0, 43)
    const details = ['1d0f2b6e-reports', '4711', 'https://app.example.com/callback', SCOPE, 'p'.repeat(43)]
    insertCode.run(code, randomUUID().slice(0, 22), ...details, Date.now() + 600_000)
    return code
  }

  return {
    port: server.port,
    async prepare(_, count) {
      begin?.run()
      const codes = Array.from({ length: count }, addCode)
      commit?.run()
      return codes.map((code) => tokenRequest(codeForm(code)))
    },
    stop: () => server.stop().then(remove),
  }
}
