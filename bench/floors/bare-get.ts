/** The floor of a guarded GET: node:http that returns the API's response without checking anything. */
import { API_ANSWER } from '../api-answer.ts'
import type { Start } from '../target.ts'
import { answerJson, listen } from './parts/http.ts'
import { apiRequest } from './parts/requests.ts'
import { issueToken } from './parts/tokens.ts'

export const start: Start = async () => {
  const server = await listen((_, response) => answerJson(response, API_ANSWER))
  return {
    ...server,
    prepare: async (_, count) => Array.from({ length: count }, () => apiRequest(issueToken('orders:read'))),
  }
}
