/** node:http that parses the form, signs one access token with ES256 and responds. No client authentication, no storage. */
import type { Start } from '../target.ts'
import { answerJson, listen, readForm } from './parts/http.ts'
import { FORMS, hasForm, refreshToken, tokenRequest } from './parts/requests.ts'
import { issueToken, tokenAnswer } from './parts/tokens.ts'

const SCOPE = 'orders:read'

export const start: Start = async () => {
  const nextToken = refreshToken('i'.repeat(22), 1)
  const server = await listen((request, response) =>
    readForm(request, (form) => {
      const isMachine = form.get('grant_type') === 'client_credentials'
      answerJson(response, tokenAnswer(issueToken(SCOPE), SCOPE, isMachine ? undefined : nextToken))
    }),
  )
  return {
    ...server,
    async prepare(scenario, count) {
      if (!hasForm(scenario)) throw new Error('signature answers token requests only')
      return Array.from({ length: count }, () => tokenRequest(FORMS[scenario]))
    },
  }
}
