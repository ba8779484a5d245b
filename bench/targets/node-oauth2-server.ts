/** @node-oauth/oauth2-server on node:http with a model in memory. Its guard looks up access tokens. */
import OAuth2Server, { type Code, type Model, type Token } from '@node-oauth/oauth2-server'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen, readForm } from '../floors/parts/http.ts'
import { CLIENT } from '../floors/parts/requests.ts'
import { issueToken, USER } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { isClientSecret } from './parts/client-secret.ts'
import { preparation } from './parts/preparation.ts'

const { Request, Response } = OAuth2Server

const client = {
  id: CLIENT.id,
  grants: ['client_credentials', 'refresh_token', 'authorization_code'],
  redirectUris: [CLIENT.redirectUri],
}
const code = {
  redirectUri: CLIENT.redirectUri,
  scope: [CLIENT.scope],
  client,
  user: { id: USER },
  codeChallenge: CLIENT.challenge,
  codeChallengeMethod: 'S256',
}
const covers = (scope: readonly string[] = []): boolean => scope.every((name) => name === CLIENT.scope)

export const start: Start = async () => {
  const codes = new Map<string, Code>()
  const accessTokens = new Map<string, Token>()
  const refreshTokens = new Map<string, Token>()
  const model: Model = {
    getClient: async (id, secret) => id === CLIENT.id && isClientSecret(secret) && client,
    generateAccessToken: async () => issueToken(CLIENT.scope),
    getUserFromClient: async ({ id }) => ({ id }),
    validateScope: async (_user, _client, scope) => covers(scope) && scope,
    saveToken: async (token, client, user) => {
      const saved = { ...token, client, user }
      accessTokens.set(token.accessToken, saved)
      if (token.refreshToken) refreshTokens.set(token.refreshToken, saved)
      return saved
    },
    getAccessToken: async (token) => accessTokens.get(token),
    verifyScope: async (token, scope) => scope.every((name) => token.scope?.includes(name)),
    getRefreshToken: async (token) => refreshTokens.get(token),
    revokeToken: async ({ refreshToken = '' }) => refreshTokens.delete(refreshToken),
    getAuthorizationCode: async (text) => codes.get(text),
    revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
  }
  const server = new OAuth2Server({ model })

  async function token(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    form: URLSearchParams,
  ) {
    const answer = new Response()
    const body = Object.fromEntries(form)
    const failure = await server
      .token(new Request({ method, headers, query: {}, body }), answer)
      .catch(String)
    if (typeof failure === 'string') response.writeHead(400).end(failure)
    else answerJson(response, JSON.stringify(answer.body))
  }

  async function guard({ method, headers }: IncomingMessage, response: ServerResponse) {
    const request = new Request({ method, headers, query: {} })
    const options = { scope: [CLIENT.scope], addAcceptedScopesHeader: true, addAuthorizedScopesHeader: true }
    const failure = await server.authenticate(request, new Response(), options).catch(String)
    if (typeof failure === 'string') response.writeHead(401).end(failure)
    else answerJson(response, API_ANSWER)
  }

  const { port, stop } = await listen((request, response) => {
    if (request.method === 'GET') void guard(request, response)
    else readForm(request, (form) => void token(request, response, form))
  })
  const mintCode = async (): Promise<string> => {
    const authorizationCode = randomBytes(32).toString('base64url')
    codes.set(authorizationCode, { ...code, authorizationCode, expiresAt: new Date(Date.now() + 600_000) })
    return authorizationCode
  }
  return { port, stop, terms: 'ES256, in memory', prepare: preparation({ port, mintCode }) }
}
