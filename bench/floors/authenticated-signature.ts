/**
 * The floor `signature`, with what the authentication of a client needs at least (RFC 6749 section 2.3.1): read the
 * headers, hash the secret and compare it in constant time.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Start } from '../target.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { CLIENT, FORMS, tokenRequest } from './parts/requests.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

const SECRET_HASH = hash('sha256', CLIENT.secret, 'buffer')

function isAuthenticated(header = ''): boolean {
  const [id, secret = ''] = Buffer.from(header.slice('Basic '.length), 'base64').toString().split(':')
  return id === CLIENT.id && timingSafeEqual(hash('sha256', secret, 'buffer'), SECRET_HASH)
}

export const start: Start = async () => {
  const server = await listen((request, response) =>
    readForm(request, (form) => {
      const scope = form.get('scope') ?? ''
      if (isAuthenticated(request.headers.authorization))
        answerJson(response, tokenAnswer(issueToken(scope), scope))
      else response.writeHead(401).end()
    }),
  )
  return {
    ...server,
    prepare: async (_, count) =>
      Array.from({ length: count }, () => tokenRequest(FORMS['client-credentials'])),
  }
}
