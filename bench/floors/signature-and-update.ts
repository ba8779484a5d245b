/** The floor of a refresh: the form, one conditional UPDATE by ID, one ES256 signature, the response. */
import type { Start } from '../target.ts'
import { ROWS, idOf, openDatabase } from './parts/database.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { refreshToken, tokenRequest } from './parts/requests.ts'
import { LIFETIME, issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'

export const start: Start = async () => {
  const { database, remove } = openDatabase()
  const advance = database.prepare(`
    UPDATE authorization SET generation = ?, last_used_at = ?, expires_at = ?, access_expires_at = ?
    WHERE id = ? AND generation = ?`)

  function rotate(token: string): string | undefined {
    const [, id = '', generation] = token.split('.')
    const [now, current] = [Date.now(), Number(generation)]
    const next = [current + 1, now, now + 30 * 86_400_000, now + LIFETIME * 1000]
    return advance.run(...next, id, current).changes === 1 ? refreshToken(id, current + 1) : undefined
  }

  const server = await listen((request, response) =>
    readForm(request, (form) => {
      const next = rotate(form.get('refresh_token') ?? '')
      if (next === undefined) response.writeHead(400).end()
      else answerJson(response, tokenAnswer(issueToken(SCOPE), SCOPE, next))
    }),
  )

  const generationOf = database.prepare('SELECT generation FROM authorization WHERE id = ?')
  return {
    port: server.port,
    async prepare(_, count) {
      return Array.from({ length: count }, (_, index) => {
        const id = idOf(Math.floor((index * ROWS) / count))
        const generation = Number(generationOf.get(id)?.['generation'])
        return tokenRequest({ grant_type: 'refresh_token', refresh_token: refreshToken(id, generation) })
      })
    },
    stop: () => server.stop().then(remove),
  }
}
