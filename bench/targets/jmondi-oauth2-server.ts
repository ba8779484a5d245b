/** @jmondi/oauth2-server on node:http, with repositories in memory. Its own JwtService signs with HS256 only. */
import { AuthorizationServer, type AuthCode, type Token } from '@jmondi/oauth2-server'
import jwt from 'jsonwebtoken'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { answerJson, listen, readForm } from '../floors/parts/http.ts'
import { CLIENT } from '../floors/parts/requests.ts'
import { ISSUER, USER, privateKey, publicKey } from '../floors/parts/tokens.ts'
import type { Start } from '../target.ts'
import { isClientSecret } from './parts/client-secret.ts'
import { preparation } from './parts/preparation.ts'

const user = { id: USER }
const scopes = [{ name: CLIENT.scope }]
const client = {
  id: CLIENT.id,
  name: 'Reports',
  secret: 'kept as a hash',
  redirectUris: [CLIENT.redirectUri],
  allowedGrants: ['client_credentials', 'refresh_token', 'authorization_code'],
  scopes,
}
const authorizationRequest = {
  response_type: 'code',
  client_id: CLIENT.id,
  redirect_uri: CLIENT.redirectUri,
  scope: CLIENT.scope,
  code_challenge: CLIENT.challenge,
  code_challenge_method: 'S256',
}

const [sign, verify] = [promisify(jwt.sign), promisify(jwt.verify)]
const signatures = {
  sign: (payload: object) => sign(payload, privateKey, { algorithm: 'ES256' }),
  verify: (token: string) => verify(token, publicKey, { algorithms: ['ES256'] }),
  decode: jwt.decode,
}

const newId = (): string => randomBytes(32).toString('base64url')
const soon = (): Date => new Date(Date.now() + 3_600_000)

export const start: Start = async () => {
  const server = createServer()

  async function token({ headers }: IncomingMessage, response: ServerResponse, form: URLSearchParams) {
    const body = Object.fromEntries(form)
    const answer = await server.respondToAccessTokenRequest({ headers, query: {}, body }).catch(String)
    if (typeof answer === 'string') response.writeHead(400).end(answer)
    else answerJson(response, JSON.stringify(answer.body))
  }
  const { port, stop } = await listen((request, response) =>
    readForm(request, (form) => void token(request, response, form)),
  )
  const mintCode = async (): Promise<string> => {
    const query = authorizationRequest
    const authorization = await server.validateAuthorizationRequest({ headers: {}, query, body: {} })
    const approved = Object.assign(authorization, { user, isAuthorizationApproved: true })
    const { headers } = await server.completeAuthorizationRequest(approved)
    return new URL(headers['location'] ?? '').searchParams.get('code') ?? ''
  }
  return { port, stop, terms: 'ES256, in memory', prepare: preparation({ port, mintCode }) }
}

function createServer(): AuthorizationServer {
  const clients = {
    getByIdentifier: async () => client,
    isClientValid: async (grant: string, { id, allowedGrants }: typeof client, secret?: string) =>
      id === CLIENT.id && allowedGrants.includes(grant) && isClientSecret(secret),
  }
  const scopeRepository = {
    getAllByIdentifiers: async (names: string[]) => scopes.filter(({ name }) => names.includes(name)),
    finalize: async (requested: typeof scopes) => requested,
  }
  const server = new AuthorizationServer(clients, createTokens(), scopeRepository, signatures, {
    issuer: ISSUER,
  })
  server.enableGrantTypes('client_credentials', 'refresh_token', {
    grant: 'authorization_code',
    authCodeRepository: createCodes(),
    userRepository: { getUserByCredentials: async () => user },
  })
  return server
}

function createTokens() {
  const refreshTokens = new Map<string, Token>()
  return {
    issueToken: async (client: object, scopes: Token['scopes'], user?: object | null): Promise<Token> => ({
      accessToken: newId(),
      accessTokenExpiresAt: soon(),
      client,
      user,
      scopes,
    }),
    persist: async () => {},
    issueRefreshToken: async (token: Token) => {
      const refreshToken = newId()
      const issued = Object.assign(token, { refreshToken, refreshTokenExpiresAt: soon() })
      refreshTokens.set(refreshToken, issued)
      return issued
    },
    revoke: async ({ refreshToken }: Token) => void refreshTokens.delete(refreshToken ?? ''),
    isRefreshTokenRevoked: async ({ refreshToken }: Token) => !refreshTokens.has(refreshToken ?? ''),
    getByRefreshToken: async (id: string) => {
      const token = refreshTokens.get(id)
      if (token) return token
      throw new Error('no such refresh token')
    },
  }
}

function createCodes() {
  const codes = new Map<string, AuthCode>()
  return {
    issueAuthCode: (client: object, user: object | undefined, scopes: AuthCode['scopes']): AuthCode => ({
      code: newId(),
      expiresAt: soon(),
      client,
      user,
      scopes,
    }),
    persist: async (code: AuthCode) => void codes.set(code.code, code),
    getByIdentifier: async (id: string) => {
      const code = codes.get(id)
      if (code) return code
      throw new Error('no such code')
    },
    isRevoked: async (id: string) => !codes.has(id),
    revoke: async (id: string) => void codes.delete(id),
  }
}
