import { OAuthError } from '../errors.ts'
import type { AuthorizationPermission } from '../issuance/permission.ts'
import type { Client } from '../model/client.ts'
import { checkPassword, type FailedPasswordAttempt } from '../users/check-password.ts'
import type { LoadedUser } from '../users/directory.ts'
import type { BaseUser } from '../users/provider.ts'
import { refuse, type BuiltInGrant, type BuiltInGrantContext, type GrantRequest } from './grant.ts'
import { chooseScopes, permit } from './permit.ts'
import { chooseResources } from './resources.ts'

/** Options of the password grant: what takes the place of the provider's own functions, for this grant only. */
export interface PasswordGrantOptions<User extends BaseUser = BaseUser> {
  /**
   * The person with this user name. It must keep to the people of `client.provider`: the id that it gives is taken for
   * one of theirs. Like the provider's own it must look anew each time.
   */
  readonly findByUsername?: (username: string, client: Client) => Promise<User | undefined>
  /** Whether this is the person's password; false for nobody, and as slowly as for somebody. */
  readonly verifyPassword?: (user: User | undefined, password: string, client: Client) => Promise<boolean>
}

/** The password grant. */
export interface PasswordGrant extends BuiltInGrant {
  readonly type: 'password'
  readonly options: object
}

/**
 * An app asks for a person's name and password itself (RFC 6749 section 4.3). For apps that cannot be changed at once:
 * "MUST NOT be used" otherwise (RFC 9700 section 2.4), of which the log warns at start. It signs the person in, so that
 * the app is one of their devices; guesses are counted together with those at the sign-in page.
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
    // First what costs nothing: a request that could give no token checks no password, and is no guess.
    const wanted = wantedBy(request, context)
    const { provider } = client
    const outcome = await checkPassword(
      { ...context, users: usersOf(options, client, context) },
      { provider, username, password, address, clientId: client.id },
      async (person) => ((await context.userDirectory.find(person.ref)) ? allow(person, wanted) : undefined),
    )
    return outcome.kind === 'correct'
      ? outcome.result
      : refuse(errorOf(outcome), { signIn: { provider, outcome } })
  },
})

type Wanted = Omit<Parameters<typeof permit>[0], 'user'>

const wantedBy = (
  { client, form, address, userAgent }: GrantRequest,
  context: BuiltInGrantContext,
): Wanted => ({
  client,
  scopes: chooseScopes(context.scopes, form.get('scope'), client.scopes),
  resources: chooseResources(context.resources, form.getAll('resource')),
  device: { userAgent, address },
})

/** Whoever knows a password that was right a moment ago hears no more than whoever guesses. */
const allow = (user: LoadedUser, wanted: Wanted): AuthorizationPermission =>
  permit({ ...wanted, user, ifRevoked: incorrect(`user ${user.user.id} was signed out meanwhile`) })

function usersOf<User extends BaseUser>(
  { findByUsername, verifyPassword }: PasswordGrantOptions<User>,
  client: Client,
  { userDirectory }: BuiltInGrantContext,
): Parameters<typeof checkPassword>[0]['users'] {
  const users = userDirectory.provider(client.provider)
  return {
    findByUsername: (username) =>
      findByUsername ? findByUsername(username, client) : users.findByUsername(username),
    verifyPassword: (user, password) =>
      verifyPassword
        ? verifyPassword(user as User | undefined, password, client)
        : users.verifyPassword(user, password),
  }
}

/** The same words whether the name exists or not. */
function errorOf(outcome: FailedPasswordAttempt): OAuthError {
  if (outcome.kind === 'incorrect') return incorrect(detailOf(outcome.user))
  const { headers } = outcome.blocked
  const options = { detail: 'too many failures at this account or from this address', headers }
  return new OAuthError('too_many_requests', 'Too many failed requests: wait before you try again', options)
}

const detailOf = (person: LoadedUser | undefined): string =>
  person ? `wrong password for user ${person.user.id}, or signed out meanwhile` : 'no such user'

const incorrect = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The user credentials were incorrect', { detail })
