import { isDeepStrictEqual } from 'node:util'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import type { Client, ClientChanges, GrantType } from '../model/client.ts'
import type { ClientStore } from '../store/clients.ts'
import { unknownOptionProblems, type OptionNames } from '../lib/validator.ts'
import type { ClientPresentation } from './registration.ts'
import { registrationProblems } from './validation.ts'

/** Changes to a client. Omitted fields stay as they are. Type, provider, owner and `isThirdParty` never change. */
export interface ClientUpdate extends Nullable<ClientPresentation> {
  /** The name on the consent page: 1 to 255 characters. */
  readonly name?: string
  /** Replaces the whole list. */
  readonly redirectUris?: readonly string[]
  /** Replaces the whole list. Without `refresh_token` the client's refresh tokens are rejected from now on. */
  readonly grantTypes?: readonly GrantType[]
  /** Replaces the whole list; null allows all scopes. A refresh never returns a scope that is not in the list. */
  readonly scopes?: readonly string[] | null
  /** Requires PKCE of a confidential client. */
  readonly requiresPkce?: boolean
  /** Skips the consent page. First-party clients only. */
  readonly skipsConsent?: boolean
  /** Revokes new authorizations of the client when the user signs out. */
  readonly endsWithSession?: boolean
  /** Lets the client read the revocation feed. Confidential first-party clients only. */
  readonly followsRevocations?: boolean
  /** Lets the client introspect tokens. Confidential first-party clients only. */
  readonly introspects?: boolean
  /** How long a rotated refresh token may be repeated; null for the server's default. */
  readonly graceWindow?: Duration | null
}

/** The same fields; null removes a value. */
type Nullable<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | null }

/** A client after an update. */
export interface UpdatedClient {
  readonly client: Client
  /** False if every value was the same before. */
  readonly hasChanged: boolean
}

/**
 * Changes a client. Access tokens that were issued before keep their scopes until they expire. Returns undefined if the
 * client does not exist. A function receives the client as it is when it is written, and may throw to refuse.
 *
 * @throws ConfigError with everything that would be wrong with the changed client, or if the client is revoked
 */
export async function updateClient(
  clients: Pick<ClientStore, 'update'>,
  id: string,
  given: ClientUpdate | ((current: Client) => ClientUpdate),
): Promise<UpdatedClient | undefined> {
  let hasChanged = false
  const client = await clients.update(id, (current) => {
    const update = typeof given === 'function' ? given(current) : given
    const problems = updateProblems(current, update)
    if (problems.length > 0) throw new ConfigError(problems)
    const changes = changesOf(update)
    hasChanged = !isDeepStrictEqual({ ...current, ...changes }, current)
    return changes
  })
  return client && { client, hasChanged }
}

/** Applies the rules of registration to the updated client. Returns everything that is wrong with it. */
export function updateProblems(client: Client, changes: ClientUpdate): readonly ConfigProblem[] {
  if (client.revokedAt !== null) return [{ path: 'id', message: 'belongs to a revoked client' }]
  const { graceWindow, ...update } = changes
  const { ownerId, scopes, logo, homepage, privacy, terms, publisher, ...rest } = {
    ...client,
    ...withoutUndefined(update),
  }
  const nullable = { ownerId, scopes, logo, homepage, privacy, terms, publisher }
  // The client's own grace window is in milliseconds, not a duration, and valid: only a new one is checked.
  return [
    ...unknownOptionProblems('', changes, OPTIONS),
    ...registrationProblems({ ...rest, ...withoutNull(nullable), graceWindow: graceWindow ?? 0 }),
  ]
}

const OPTIONS: OptionNames<ClientUpdate> = {
  name: true,
  redirectUris: true,
  grantTypes: true,
  scopes: true,
  requiresPkce: true,
  skipsConsent: true,
  endsWithSession: true,
  followsRevocations: true,
  introspects: true,
  logo: true,
  homepage: true,
  privacy: true,
  terms: true,
  publisher: true,
  graceWindow: true,
}

function changesOf({ graceWindow, ...update }: ClientUpdate): ClientChanges {
  if (graceWindow === undefined) return withoutUndefined(update)
  return {
    ...withoutUndefined(update),
    graceWindow: graceWindow === null ? null : (parseDuration(graceWindow) ?? null),
  }
}

/** An undefined field would overwrite the current value. */
const withoutUndefined = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

const withoutNull = <Fields extends object>(
  fields: Fields,
): { readonly [Name in keyof Fields]?: NonNullable<Fields[Name]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    readonly [Name in keyof Fields]?: NonNullable<Fields[Name]>
  }
