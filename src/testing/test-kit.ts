import type { UserLike } from '../administration/user.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import { pathsOf } from '../endpoints/paths.ts'
import type { AnyClaims } from '../guard/auth.ts'
import type { AuthorizationServer, OpenServer } from '../server.ts'
import type { NewUser } from '../users/built-in.ts'
import type { Acting, ActingAs, TokenDetails } from './acting.ts'
import type { ClientLike, Granted } from './granted.ts'
import { createOAuthClient, type ClientEnvironment, type TestClient } from './oauth-client.ts'
import {
  createServerToken,
  describeToken,
  type AccessTokenDetails,
  type TokenContent,
} from './server-tokens.ts'
import { openTestBrowser, USER_AGENT, type TestBrowser } from './test-browser.ts'
import { testClient, type ClientKind } from './test-client.ts'
import { createTestUser, type TestUser } from './test-user.ts'

/** What a test server has besides the server and its clock. */
export interface TestKit<Scope extends string = string, Claims extends object = AnyClaims>
  extends ActingAs<Scope, Claims>, AsyncDisposable {
  /**
   * Creates a real access token of a user, who need not exist. Scopes default to none; `*` is every scope.
   *
   * @throws ConfigError for an undefined scope, an unknown provider or resource, or an invalid ID
   */
  tokenFor(
    user: UserLike,
    scopes?: Granted<Scope>,
    details?: TokenDetails<Claims> & AccessTokenDetails,
  ): Promise<string>
  /** Creates a real access token of a client that acts for itself. The client need not exist. */
  tokenForClient(
    client: ClientLike,
    scopes?: Granted<Scope>,
    details?: AccessTokenDetails & Pick<TokenDetails<Claims>, 'claims'>,
  ): Promise<string>
  /**
   * Creates a built-in user with a random email address.
   *
   * @throws ConfigError if the server has its own users, or if the email is taken
   */
  createUser(user?: Partial<NewUser>): Promise<TestUser>
  /**
   * Registers a client, which can send requests. `changes` override the values of its kind, see `testClient`.
   *
   * @throws ConfigError with every problem of the registration
   */
  createClient(kind: ClientKind, changes?: Partial<ClientRegistration>): Promise<TestClient<Scope>>
  /**
   * Opens a browser without JavaScript, which calls the server in memory. A user is signed in to it.
   *
   * @throws ConfigError if the user does not exist, or if their provider has `appSession.current`
   */
  openBrowser(user?: UserLike): Promise<TestBrowser>
}

type Opened = OpenServer<AuthorizationServer>

export const createKit = <Scope extends string>(opened: Opened, acting: Acting): TestKit<Scope> => ({
  ...createTokenMethods(opened, acting),
  ...createFactories<Scope>(opened),
  [Symbol.asyncDispose]: () => opened.server.close(),
})

function createTokenMethods(
  { start, settings }: Opened,
  acting: Acting,
): Pick<TestKit, 'tokenFor' | 'tokenForClient' | 'actingAs' | 'actingAsClient' | 'actingAsGuest'> {
  const create = async (content: TokenContent): Promise<string> => createServerToken(await start(), content)
  /** Describes the token now, so that mistakes throw here, and creates it for each request, so that it never expires. */
  const actWith = (content: TokenContent, user?: UserLike): void => {
    const createToken = () => create({ ...content, resources: settings.resources })
    acting.choice = { createToken, ...(user !== undefined && { user }) }
  }
  return {
    tokenFor: async (user, scopes = [], { client, ...details } = {}) =>
      create(describeToken(settings, { user, client }, scopes, details)),
    tokenForClient: async (client, scopes = [], details) =>
      create(describeToken(settings, { client }, scopes, details)),
    actingAs: (user, scopes = [], { client, ...details } = {}) =>
      actWith(describeToken(settings, { user, client }, scopes, details), user),
    actingAsClient: (client, scopes = []) => actWith(describeToken(settings, { client }, scopes)),
    actingAsGuest: () => void (acting.choice = undefined),
  }
}

function createFactories<Scope extends string>({
  server,
  start,
  settings,
}: Opened): Pick<TestKit<Scope>, 'createUser' | 'createClient' | 'openBrowser'> {
  const { origin } = new URL(settings.issuer)
  const fetch = (request: Request): Promise<Response> => server.fetch(request)
  const openBrowser = async (user?: UserLike): Promise<TestBrowser> => {
    const browser = openTestBrowser({ origin, fetch, xsrfCookie: settings.apiCookie?.xsrfCookie ?? '' })
    const request = { headers: { 'user-agent': USER_AGENT } }
    if (user !== undefined) browser.receive((await server.sessions.start(user, { request })).cookies)
    return browser
  }
  const environment: ClientEnvironment = { paths: pathsOf(settings), origin, fetch, openBrowser }
  return {
    openBrowser,
    createUser: async (user) => createTestUser(await start(), user),
    async createClient(kind, changes) {
      const { client, secret } = await server.clients.create(testClient(kind, changes))
      const { id, grantTypes, redirectUris } = client
      return createOAuthClient<Scope>(environment, {
        id,
        grantTypes,
        redirectUri: redirectUris[0] ?? '',
        secret,
      })
    },
  }
}
