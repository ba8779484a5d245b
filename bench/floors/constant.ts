/** node:http that answers every token request with a constant. */
import type { Start } from '../target.ts'
import { answerJson, listen } from './parts/http.ts'
import { FORMS, hasForm, refreshToken, tokenRequest } from './parts/requests.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

export const start: Start = async () => {
  const text = tokenAnswer(issueToken('orders:read'), 'orders:read', refreshToken('i'.repeat(22), 1))
  const server = await listen((_, response) => answerJson(response, text))
  return {
    ...server,
    async prepare(scenario, count) {
      if (!hasForm(scenario)) throw new Error('constant answers token requests only')
      return Array.from({ length: count }, () => tokenRequest(FORMS[scenario]))
    },
  }
}
