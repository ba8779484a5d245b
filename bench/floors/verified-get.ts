/** node:http that verifies each access token once, caches it in a Map, and then checks only its expiry. */
import { API_ANSWER } from '../api-answer.ts'
import type { Start } from '../target.ts'
import { answerJson, listen } from './parts/http.ts'
import { apiRequest } from './parts/requests.ts'
import { issueToken, verifyToken } from './parts/tokens.ts'

type Claims = ReturnType<typeof verifyToken>

export const start: Start = async () => {
  const verified = new Map<string, Claims>()

  function verifyOnce(token: string): Claims {
    const known = verified.get(token)
    if (known) return known
    const claims = verifyToken(token)
    verified.set(token, claims)
    return claims
  }

  const server = await listen((request, response) => {
    const claims = verifyOnce(request.headers.authorization?.slice('Bearer '.length) ?? '')
    const isValid = claims !== undefined && claims.exp * 1000 > Date.now()
    if (isValid) answerJson(response, API_ANSWER)
    else response.writeHead(401).end()
  })
  return {
    ...server,
    prepare: async (_, count) => Array.from({ length: count }, () => apiRequest(issueToken('orders:read'))),
  }
}
