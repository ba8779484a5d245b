/** The floor of the implicit grant: one INSERT of an authorization, one ES256 signature, the response. */
import { randomUUID } from 'node:crypto'
import type { Start } from '../target.ts'
import { INSERT_AUTHORIZATION, authorization, openDatabase } from './parts/database.ts'
import { answerJson, listen } from './parts/http.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'

export const start: Start = async () => {
  const { database, remove } = openDatabase()
  const insert = database.prepare(INSERT_AUTHORIZATION)
  const server = await listen((_, response) => {
    insert.run(randomUUID().slice(0, 22), ...authorization())
    answerJson(response, tokenAnswer(issueToken(SCOPE), SCOPE))
  })
  return {
    port: server.port,
    prepare: async (_, count) =>
      Array.from({ length: count }, () => ({ method: 'GET', path: '/authorize', headers: {} })),
    stop: () => server.stop().then(remove),
  }
}
