/**
 * What the bench uses of its peers, so that it type-checks alike whether they are installed or not. These declarations
 * are taken in place of the packages' own.
 */
declare module '@node-oauth/oauth2-server' {
  import type { IncomingHttpHeaders } from 'node:http'

  interface Party {
    readonly id: string
  }
  interface Token {
    readonly accessToken: string
    readonly refreshToken?: string
    readonly scope?: readonly string[]
  }
  interface Code {
    readonly authorizationCode: string
    readonly expiresAt: Date
    readonly redirectUri: string
    readonly scope: readonly string[]
    readonly client: Party
    readonly user: Party
    readonly codeChallenge: string
    readonly codeChallengeMethod: string
  }
  interface Model {
    getClient(id: string, secret: string): Promise<Party | false>
    generateAccessToken(): Promise<string>
    getUserFromClient(client: Party): Promise<Party>
    validateScope(
      user: Party,
      client: Party,
      scope?: readonly string[],
    ): Promise<readonly string[] | false | undefined>
    saveToken(token: Token, client: Party, user: Party): Promise<Token>
    getAccessToken(token: string): Promise<Token | undefined>
    verifyScope(token: Token, scope: readonly string[]): Promise<boolean>
    getRefreshToken(token: string): Promise<Token | undefined>
    revokeToken(token: Token): Promise<boolean>
    getAuthorizationCode(code: string): Promise<Code | undefined>
    revokeAuthorizationCode(code: Code): Promise<boolean>
  }
  interface Request {
    readonly query: object
  }
  interface Response {
    readonly body: object
  }
  export default class OAuth2Server {
    static readonly Request: new (options: {
      method: string | undefined
      headers: IncomingHttpHeaders
      query: object
      body?: object
    }) => Request
    static readonly Response: new () => Response
    constructor(options: { model: Model })
    token(request: Request, response: Response): Promise<Token>
    authenticate(request: Request, response: Response, options: object): Promise<Token>
  }
  export type { Code, Model, Token }
}

declare module '@jmondi/oauth2-server' {
  interface Scoped {
    readonly client: object
    readonly user?: object | null | undefined
    readonly scopes: { name: string }[]
  }
  export interface Token extends Scoped {
    readonly accessToken: string
    readonly accessTokenExpiresAt: Date
    readonly refreshToken?: string | null
    readonly refreshTokenExpiresAt?: Date | null
  }
  export interface AuthCode extends Scoped {
    readonly code: string
    readonly expiresAt: Date
  }
  interface OAuthRequest {
    readonly headers: object
    readonly query: object
    readonly body: object
  }
  interface OAuthResponse {
    readonly headers: Readonly<Record<string, string>>
    readonly body: object
  }
  export class AuthorizationServer {
    constructor(clients: object, tokens: object, scopes: object, jwt: object, options: { issuer: string })
    enableGrantTypes(...grants: (string | object)[]): void
    respondToAccessTokenRequest(request: OAuthRequest): Promise<OAuthResponse>
    validateAuthorizationRequest(request: OAuthRequest): Promise<object>
    completeAuthorizationRequest(authorization: object): Promise<OAuthResponse>
  }
}

declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  type Done<Value> = (error: Error | null, value: Value) => void
  const jwt: {
    sign(payload: object, key: KeyObject, options: { algorithm: string }, done: Done<string>): void
    verify(token: string, key: KeyObject, options: { algorithms: string[] }, done: Done<object>): void
    decode(token: string): object | null
  }
  export default jwt
}

declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export interface AdapterPayload {
    readonly grantId?: string
    readonly uid?: string
    readonly userCode?: string
  }
  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): RequestListener
    readonly Client: { find(id: string): Promise<object | undefined> }
    readonly Grant: new (values: object) => {
      addResourceScope(resource: string, scope: string): void
      save(): Promise<string>
    }
    readonly AuthorizationCode: new (values: object) => { save(): Promise<string> }
    readonly DeviceCode: new (values: object) => { save(): Promise<string> }
  }
}

declare module 'better-auth' {
  import type { DatabaseSync } from 'node:sqlite'
  import type { Pool } from 'pg'

  export interface Auth {
    handler(request: Request): Promise<Response>
    readonly api: {
      signUpEmail(options: { body: object; returnHeaders: true }): Promise<{ readonly headers: Headers }>
      adminCreateOAuthClient(options: { headers: Headers; body: object }): Promise<object>
    }
  }
  export function betterAuth(options: {
    baseURL: string
    secret: string
    database: DatabaseSync | Pool
    emailAndPassword: { enabled: boolean }
    rateLimit: { enabled: boolean }
    disabledPaths: string[]
    plugins: object[]
  }): Auth
}

declare module 'better-auth/db/migration' {
  export function getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }>
}

declare module 'better-auth/node' {
  import type { RequestListener } from 'node:http'

  export function toNodeHandler(auth: object): RequestListener
}

declare module 'better-auth/plugins' {
  export function jwt(options: { jwks: { keyPairConfig: { alg: string } } }): object
}

declare module '@better-auth/oauth-provider' {
  export function oauthProvider(options: object): object
}

declare module 'fast-jwt' {
  export function createVerifier(options: {
    key: string | Buffer
    algorithms: string[]
    allowedIss: string
    allowedAud: string
    cache: number
  }): (token: string) => object
}

declare module 'express-jwt' {
  import type { KeyObject } from 'node:crypto'
  import type { RequestHandler } from 'express'

  export function expressjwt(options: {
    secret: KeyObject
    algorithms: string[]
    issuer: string
    audience: string
  }): RequestHandler
}

declare module 'express-oauth2-jwt-bearer' {
  import type { RequestHandler } from 'express'

  export function auth(options: {
    issuer: string
    audience: string
    publicKey: object
    tokenSigningAlg: string
  }): RequestHandler
  export function requiredScopes(scopes: string): RequestHandler
}

declare module 'passport' {
  import type { RequestHandler } from 'express'

  const passport: {
    use(strategy: object): void
    authenticate(name: string, options: { session: boolean }): RequestHandler
  }
  export default passport
}

declare module 'passport-jwt' {
  export const ExtractJwt: { fromAuthHeaderAsBearerToken(): object }
  export const Strategy: new (
    options: object,
    verify: (payload: { sub: string }, done: (error: null, user: object) => void) => void,
  ) => object
}
