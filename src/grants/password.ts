import { OAuthError } from '../errors.ts'
import type { AuthorizationPermission } from '../issuance/permission.ts'
import type { Duration } from '../lib/duration.ts'
import type { Client } from '../model/client.ts'
import { checkPassword, type FailedPasswordAttempt } from '../users/check-password.ts'
import type { LoadedUser } from '../users/directory.ts'
import type { BaseUser } from '../users/provider.ts'
import { refuse, type BuiltInGrant, type BuiltInGrantContext, type GrantRequest } from './grant.ts'
import { chooseScopes, permit, type PermitOptions } from './permit.ts'
import { chooseResources } from './resources.ts'

/** Options of the password grant. The functions replace those of the provider, for this grant only. */
export interface PasswordGrantOptions<User extends BaseUser = BaseUser> {
  /**
   * Finds a user by user name. It must only return users of `client.provider`, and must not cache them.
   */
  readonly findByUsername?: (username: string, client: Client) => Promise<User | undefined>
  /** Checks a password. Returns false if the user is undefined, but takes just as long. */
  readonly verifyPassword?: (user: User | undefined, password: string, client: Client) => Promise<boolean>
  /**
   * How long the first access token is valid. `refreshToken()` has an option of its own for the next ones. Default: the
   * server's `accessTokenLifetime`.
   */
  readonly accessTokenLifetime?: Duration
}

/** The password grant. */
export interface PasswordGrant extends BuiltInGrant {
  readonly type: 'password'
  readonly options: object
}

/**
 * Creates the password grant (RFC 6749 section 4.3), for apps that ask for the user name and password themselves and
 * cannot be changed. It "MUST NOT be used" otherwise (RFC 9700 section 2.4), and the server logs a warning when it starts.
 * It signs the user in, so the app is listed among their sessions. Failures count together with those on the sign-in page.
 */
export const passwordGrant = <User extends BaseUser = BaseUser>(
  options: PasswordGrantOptions<User> = {},
): PasswordGrant => ({
  type: 'password',
  options,
  async decide(request, context) {
    const { client, form, address } = request
    const [username, password] = [form.get('username'), form.get('password')]
    if (username === undefined || password === undefined) {
      return refuse(new OAuthError('invalid_request', 'The parameter username or password is missing'))
    }
    // Before the password check: an invalid request is not a guess.
    const requested = requestedBy(request, context)
    const { provider } = client
    const outcome = await checkPassword(
      { ...context, users: usersOf(options, client, context) },
      { provider, username, password, address, clientId: client.id },
      async (user) =>
        (await context.userDirectory.find(user.ref)) ? permitUser(user, requested) : undefined,
    )
    return outcome.kind === 'correct'
      ? outcome.result
      : refuse(errorOf(outcome), { failedSignIn: { provider, outcome } })
  },
})

type Requested = Omit<PermitOptions, 'user'>

const requestedBy = (
  { client, form, address, userAgent }: GrantRequest,
  context: BuiltInGrantContext,
): Requested => ({
  client,
  scopes: chooseScopes(context.scopes, form.get('scope'), client.scopes),
  resources: chooseResources(context.resources, form.getAll('resource')),
  device: { userAgent, address, methods: ['pwd'] },
})

/** If the password was changed in the meantime, the response is the same as for a wrong password. */
const permitUser = (user: LoadedUser, requested: Requested): AuthorizationPermission =>
  permit({
    ...requested,
    user,
    ifRevoked: incorrect(`user ${user.user.id} was signed out everywhere in the meantime`),
  })

function usersOf<User extends BaseUser>(
  { findByUsername, verifyPassword }: PasswordGrantOptions<User>,
  client: Client,
  { userDirectory }: BuiltInGrantContext,
): Parameters<typeof checkPassword>[0]['users'] {
  const users = userDirectory.passwords(client.provider)
  return {
    findByUsername: (username) =>
      findByUsername ? findByUsername(username, client) : users.findByUsername(username),
    verifyPassword: (user, password) =>
      verifyPassword
        ? verifyPassword(user as User | undefined, password, client)
        : users.verifyPassword(user, password),
  }
}

/** The response is the same whether the user exists or not. */
function errorOf(outcome: FailedPasswordAttempt): OAuthError {
  if (outcome.kind === 'incorrect') return incorrect(detailOf(outcome.user))
  const { headers } = outcome.blocked
  const options = { detail: 'too many failures for this account or address', headers }
  return new OAuthError('too_many_requests', 'Too many failed requests. Try again later', options)
}

const detailOf = (user: LoadedUser | undefined): string =>
  user
    ? `incorrect password for user ${user.user.id}, or signed out everywhere in the meantime`
    : 'no such user'

const incorrect = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The user credentials were incorrect', { detail })
