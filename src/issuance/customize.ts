import { OAuthError, StoreUnavailableError } from '../errors.ts'
import { withinTimeLimit } from '../lib/async.ts'
import { copyJsonObject, jsonSize, type JsonObject } from '../lib/json-value.ts'
import type { AnyFields, ClientFields } from '../clients/fields.ts'
import { isReservedClientId, type Client } from '../model/client.ts'
import { isReservedClaim, isReservedField } from '../model/extra-claims.ts'
import { toClientInfo, type ClientInfo } from '../model/info.ts'
import type { UserRef } from '../model/subject.ts'
import type { BaseUser } from '../users/provider.ts'

/** The user of a token and their provider; undefined for machine tokens. */
type TokenUser<User extends BaseUser, Main extends string, Other extends string> =
  | { readonly user: User; readonly provider: Main }
  | ([Other] extends [never] ? never : { readonly user: BaseUser; readonly provider: Other })
  | { readonly user: undefined; readonly provider: undefined }

/** What the functions of the configuration learn about a token. */
interface TokenFacts<Scope extends string, Fields extends object> {
  /** Undefined for personal access tokens and the sign-in API, which have no registered client. */
  readonly client: ClientInfo<Fields> | undefined
  /** `*` means every scope. */
  readonly scopes: readonly (Scope | '*')[]
  /** The resources that the token is for. Empty for the default audience. */
  readonly resources: readonly string[]
  /** The `grant_type` of the request, `implicit`, `personal_access` for personal access tokens, or `sign_in`. */
  readonly grantType: string
  /** Undefined for machine tokens. */
  readonly authorizationId: string | undefined
}

/** An access token that is about to be issued, as `tokenClaims` receives it. */
export type TokenInfo<
  Scope extends string = string,
  User extends BaseUser = BaseUser,
  Main extends string = string,
  Other extends string = string,
  Fields extends object = AnyFields,
> = TokenFacts<Scope, Fields> & TokenUser<User, Main, Other>

/** An access token that is about to be issued, as `tokenResponse` receives it. */
export type TokenResponseInfo<
  Scope extends string = string,
  User extends BaseUser = BaseUser,
  Main extends string = string,
  Other extends string = string,
  Fields extends object = AnyFields,
> = TokenInfo<Scope, User, Main, Other, Fields> & {
  /** The `jti` of the access token. */
  readonly tokenId: string
}

/** The functions of the configuration that add to tokens and their responses. */
export interface TokenFunctions {
  readonly tokenClaims: ((info: TokenInfo) => unknown) | undefined
  readonly tokenResponse: ((info: TokenResponseInfo) => unknown) | undefined
}

/** A token that is about to be issued. */
export interface TokenToCustomize {
  readonly client: Pick<Client, 'id'> | Client
  /** Undefined for a machine token. */
  readonly user: UserRef | undefined
  readonly authorizationId: string | undefined
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly grantType: string
}

/** What the configuration adds to one token. */
export interface Customization {
  readonly claims: JsonObject
  /** Returns the additional members of the response. */
  fieldsFor(tokenId: string): Promise<JsonObject>
}

/**
 * Asks the configuration what to add to a token. Called before anything is written, so that a code is still unspent if it
 * fails.
 *
 * @throws OAuthError `server_error` if a function of the configuration fails or returns what cannot be added,
 * `temporarily_unavailable` if it takes too long, `invalid_grant` if the user no longer exists; whatever `OAuthError` or
 * `StoreUnavailableError` the function throws
 */
export type Customize = (token: TokenToCustomize) => Promise<Customization>

interface CustomizeOptions extends TokenFunctions {
  readonly findUser: (user: UserRef) => Promise<BaseUser | undefined>
  readonly clientFields: ClientFields
}

/** How long (ms) a function may take. */
const TIME_LIMIT = 5000

/** In bytes, as JSON. With claims of this size, tokens still fit into the 8 kB that most servers allow for a header. */
const MAX_SIZE = 4096

/** These have no token response of ours: the implicit grant answers in a URL, which leaks. */
const WITHOUT_RESPONSE: ReadonlySet<string> = new Set(['implicit', 'personal_access'])

/** Creates the function that asks the configuration. */
export function createCustomize(options: CustomizeOptions): Customize {
  const { tokenClaims, tokenResponse } = options
  if (!tokenClaims && !tokenResponse) return async () => NOTHING
  return async (token) => {
    const info = await describe(token, options)
    const claims = tokenClaims && (await call('tokenClaims', isReservedClaim, () => tokenClaims(info)))
    return {
      claims: claims ?? EMPTY,
      async fieldsFor(tokenId) {
        if (!tokenResponse || WITHOUT_RESPONSE.has(token.grantType)) return EMPTY
        return call('tokenResponse', isReservedField, () => tokenResponse({ ...info, tokenId }))
      },
    }
  }
}

const EMPTY: JsonObject = Object.freeze({})

/** What a configuration without functions adds. */
export const NOTHING: Customization = { claims: EMPTY, fieldsFor: async () => EMPTY }

async function describe(
  { client, user: ref, authorizationId, scopes, resources, grantType }: TokenToCustomize,
  { findUser, clientFields }: CustomizeOptions,
): Promise<TokenInfo> {
  const facts = {
    client: isReservedClientId(client.id) ? undefined : toClientInfo(client as Client, clientFields),
    scopes: [...scopes],
    resources: [...resources],
    grantType,
    authorizationId,
  }
  if (!ref) return { ...facts, user: undefined, provider: undefined }
  const user = await findUser(ref)
  if (user) return { ...facts, user, provider: ref.provider }
  const detail = `user ${ref.userId} is deleted or disabled`
  throw new OAuthError('invalid_grant', 'The grant is invalid', { detail })
}

type FunctionName = keyof TokenFunctions

/** Calls a function of the configuration and checks what it returns: types do not hold at run time. */
async function call(
  name: FunctionName,
  isReserved: (member: string) => boolean,
  work: () => unknown,
): Promise<JsonObject> {
  const unanswered = (): OAuthError => unavailable(name)
  try {
    const result = await withinTimeLimit(async () => work(), TIME_LIMIT, unanswered)
    if (result === undefined || result === null) return EMPTY
    const members = copyJsonObject('the result', result)
    const problem = problemOf(members, isReserved)
    if (problem === undefined) return members
    throw new TypeError(problem)
  } catch (cause) {
    if (cause instanceof OAuthError || cause instanceof StoreUnavailableError) throw cause
    const options = { detail: `${name} failed: ${messageOf(cause)}`, cause }
    throw new OAuthError('server_error', 'An unexpected error occurred', options)
  }
}

function problemOf(members: JsonObject, isReserved: (member: string) => boolean): string | undefined {
  const reserved = Object.keys(members).filter(isReserved)
  if (reserved.length > 0) return `the result contains ${reserved.join(', ')}, which belongs to the server`
  const size = jsonSize(members)
  return size > MAX_SIZE ? `the result has ${size} bytes as JSON, more than ${MAX_SIZE}` : undefined
}

const unavailable = (name: FunctionName): OAuthError =>
  new OAuthError('temporarily_unavailable', 'Try again in a moment', {
    detail: `${name} did not return within ${TIME_LIMIT / 1000} seconds`,
    headers: { 'Retry-After': '1' },
  })

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
