import type { ClientDeclaration } from '../clients/declaration.ts'
import type { ClientFields } from '../clients/fields.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import { toClient } from '../clients/register.ts'
import { REGISTRATION_OPTIONS, registrationProblems } from '../clients/validation.ts'
import { sha256 } from '../lib/hash.ts'
import type { Validator } from '../lib/validator.ts'
import { EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'

/**
 * A client that the configuration declares. The server creates it when it starts, and updates what differs. Omitted fields
 * have their defaults. The type, the provider and `isThirdParty` cannot be changed later.
 */
export interface DeclaredClient<
  Scope extends string = string,
  Provider extends string = string,
  Fields extends object = object,
> extends Omit<ClientRegistration<Fields>, 'id' | 'ownerId' | 'scopes' | 'provider'> {
  /** The `client_id`. Visible ASCII, not only digits. */
  readonly id: string
  /** The scopes that the client may request. Default: all, but none for client credentials. */
  readonly scopes?: readonly (Scope | typeof EVERY_SCOPE)[]
  /** The provider whose users sign in to the client. Default: that of `users`. */
  readonly provider?: Provider
  /**
   * The secret of a confidential client: at least 32 random characters, such as the output of `openssl rand -hex 32`. Read it
   * from an environment variable: the store keeps a hash. If it changes, the old one keeps working for 24 hours. Default:
   * none; `consulate client rotate-secret` creates one.
   */
  readonly secret?: string | undefined
}

interface ClientContext {
  /** The default provider. */
  readonly provider: string
  readonly providers: readonly string[]
  readonly scopes: Pick<ScopeRules, 'defined' | 'firstPartyOnly'>
  readonly fields: ClientFields
}

/** Checks the declared clients. Only the hashes of their secrets are kept. */
export function resolveClients(
  declared: readonly DeclaredClient[],
  context: ClientContext,
  validator: Validator,
): readonly ClientDeclaration[] {
  const valid = declared.filter((client, index) => isValid(`clients[${index}]`, client, context, validator))
  for (const [index, client] of declared.entries()) {
    if (client?.id !== undefined && declared.findIndex((other) => other?.id === client.id) < index)
      validator.problem(`clients[${index}].id`, 'is declared twice')
  }
  return valid.map(({ secret, ...registration }, index) => ({
    path: `clients[${index}]`,
    client: toClient(
      { provider: context.provider, ...registration },
      secret === undefined ? [] : [{ hash: sha256(secret), expiresAt: null }],
      0,
      context.fields,
    ),
  }))
}

function isValid(
  path: string,
  client: DeclaredClient,
  context: ClientContext,
  validator: Validator,
): boolean {
  const problems: [string, string][] = []
  validator.knownOptions(path, client ?? null, OPTIONS)
  if (typeof client !== 'object' || client === null || Array.isArray(client)) return false
  if (client.id === undefined) problems.push(['id', 'is missing'])
  for (const problem of registrationProblems(client)) problems.push([problem.path, problem.message])
  for (const problem of context.fields.problems(client.fields)) problems.push([problem.path, problem.message])
  // A check of the values needs their types to be right.
  if (problems.length === 0) problems.push(...contextProblems(client, context))
  for (const [field, message] of problems) validator.problem(`${path}.${field}`, message)
  return problems.length === 0
}

function contextProblems(
  client: DeclaredClient,
  { providers, scopes: { defined, firstPartyOnly } }: ClientContext,
): readonly [string, string][] {
  const { provider, scopes = [], isThirdParty = false } = client
  const secret = secretProblem(client)
  return [
    ...(provider !== undefined && !providers.includes(provider)
      ? [['provider', `must be one of ${providers.join(', ')}`] as [string, string]]
      : []),
    ...scopes.flatMap((scope, index): [string, string][] =>
      defined.has(scope) || scope === EVERY_SCOPE ? [] : [[`scopes[${index}]`, 'is not defined in scopes']],
    ),
    ...scopes.flatMap((scope, index): [string, string][] =>
      isThirdParty && firstPartyOnly.has(scope)
        ? [[`scopes[${index}]`, 'is for first-party clients only']]
        : [],
    ),
    ...(secret === undefined ? [] : [['secret', secret] as [string, string]]),
  ]
}

/**
 * 128 bits in hexadecimal, the shortest usual form of a random secret. Nearly all contain ten of the 16 digits, and 25 different
 * pairs of neighbors. A short text that is repeated has fewer pairs than letters.
 */
const [MIN_LENGTH, MIN_CHARACTERS, MIN_PAIRS] = [32, 8, 16]

/** A secret is stored as its SHA-256, which protects only secrets that can't be guessed. */
function secretProblem(client: DeclaredClient): string | undefined {
  if (!('secret' in client)) return undefined
  const { secret, type } = client
  if (typeof secret !== 'string') return 'must be a string. Is its environment variable set?'
  if (type === 'public') return 'a public client has no secret'
  const pairs = Array.from(secret, (_, index) => secret.slice(index, index + 2))
  const isRandom = new Set(secret).size >= MIN_CHARACTERS && new Set(pairs).size >= MIN_PAIRS
  return isRandom && secret.length >= MIN_LENGTH && /^[!-~]+$/.test(secret) ? undefined : WEAK
}

const WEAK = `must have at least ${MIN_LENGTH} random characters, such as the output of \`openssl rand -hex 32\``

const { ownerId: _, ...NAMES } = REGISTRATION_OPTIONS
const OPTIONS = { ...NAMES, secret: true } as const
