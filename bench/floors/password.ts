/**
 * The floor of a password grant: the form, one Argon2id hash with Consulate's parameters, one transaction that inserts
 * the authorization, one ES256 signature, the response.
 */
import { argon2, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { Start } from '../target.ts'
import { INSERT_AUTHORIZATION, authorization, openDatabase } from './parts/database.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { refreshToken, tokenRequest } from './parts/requests.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32, nonce: Buffer.alloc(16, 7) }
const hash = promisify(argon2)

export const start: Start = async () => {
  const { database, remove } = openDatabase()
  const insert = database.prepare(INSERT_AUTHORIZATION)

  async function issue(password: string): Promise<string> {
    await hash('argon2id', { ...PARAMETERS, message: password })
    const id = randomUUID().slice(0, 22)
    insert.run(id, ...authorization())
    return tokenAnswer(issueToken(SCOPE), SCOPE, refreshToken(id, 0))
  }

  const server = await listen((request, response) =>
    readForm(request, (form) => {
      void issue(form.get('password') ?? '').then((text) => answerJson(response, text))
    }),
  )

  return {
    port: server.port,
    async prepare(_, count) {
      const form = {
        grant_type: 'password',
        username: 'ann@example.com',
        password: 'p'.repeat(28),
        scope: SCOPE,
      }
      return Array.from({ length: count }, () => tokenRequest(form))
    },
    stop: () => server.stop().then(remove),
  }
}
