import { ConfigError } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import type { Client, ClientChanges, GrantType } from '../model/client.ts'
import type { ClientStore } from '../store/contract.ts'
import { unknownOptionProblems, type OptionNames } from '../lib/validator.ts'
import { registrationProblems } from './registration.ts'

/** What changes of a client; what is left out stays as it is. Its type, provider and owner are for good. */
export interface ClientUpdate {
  /** What people see on the consent page: 1 to 255 characters. */
  readonly name?: string
  /** In place of all those before. */
  readonly redirectUris?: readonly string[]
  /** In place of all those before. Without `refresh_token` its refresh tokens are refused from now on. */
  readonly grantTypes?: readonly GrantType[]
  /** In place of all those before; null for every defined one. A refresh gives no scope that is not among them. */
  readonly scopes?: readonly string[] | null
  /** Require PKCE although it is confidential. */
  readonly requiresPkce?: boolean
  /** Never ask people for consent; never with an owner. */
  readonly skipsConsent?: boolean
  /** How long a rotated refresh token may be repeated; null for the server's default. */
  readonly graceWindow?: Duration | null
}

/**
 * Changes a client. Access tokens that it has live to their expiry with what they were given. Undefined where there is
 * no such client.
 *
 * @throws ConfigError with every problem that the client would have then, and where it is revoked
 */
export function updateClient(
  clients: Pick<ClientStore, 'update'>,
  id: string,
  update: ClientUpdate,
): Promise<Client | undefined> {
  return clients.update(id, (current) => {
    check(current, update)
    return changesOf(update)
  })
}

/** The rules are those of a registration: no change leads to a client that nobody could register. */
function check(client: Client, changes: ClientUpdate): void {
  if (client.revokedAt !== null) {
    throw new ConfigError([{ path: 'id', message: 'is that of a revoked client' }])
  }
  const { graceWindow, ...update } = changes
  const { ownerId, scopes, ...rest } = { ...client, ...named(update) }
  const problems = [
    ...unknownOptionProblems('', changes, OPTIONS),
    ...registrationProblems({
      ...rest,
      ...(ownerId !== null && { ownerId }),
      ...(scopes !== null && { scopes }),
      graceWindow: graceWindow ?? 0,
    }),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
}

const OPTIONS: OptionNames<ClientUpdate> = {
  name: true,
  redirectUris: true,
  grantTypes: true,
  scopes: true,
  requiresPkce: true,
  skipsConsent: true,
  graceWindow: true,
}

function changesOf({ graceWindow, ...update }: ClientUpdate): ClientChanges {
  if (graceWindow === undefined) return named(update)
  return { ...named(update), graceWindow: graceWindow === null ? null : (parseDuration(graceWindow) ?? null) }
}

/** What is there but undefined is left out: it would be taken for a change. */
const named = <Part extends object>(part: Part): Part =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Part
