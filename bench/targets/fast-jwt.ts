/** fast-jwt on node:http with a cache larger than the 1,000 of `cache: true`, so that 2,000 tokens fit. */
import { createVerifier } from 'fast-jwt'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen } from '../floors/parts/http.ts'
import { API, ISSUER, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { prepareGuard } from './parts/prepare-guard.ts'

const CACHE = 4096

export const start: Start = async () => {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: ['ES256'],
    allowedIss: ISSUER,
    allowedAud: API,
    cache: CACHE,
  })
  const server = await listen((request, response) => {
    try {
      verify(request.headers.authorization?.slice('Bearer '.length) ?? '')
      answerJson(response, API_ANSWER)
    } catch (error) {
      response.writeHead(401).end(String(error))
    }
  })
  return { ...server, terms: `ES256, cache of ${CACHE}`, prepare: prepareGuard }
}
