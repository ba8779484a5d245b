import { isImportedHash, matchesImportedSecret } from '../../clients/imported-secret.ts'
import { OAuthError } from '../../errors.ts'
import { EMPTY_FORM, type Form } from '../../lib/form.ts'
import { isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import { canUseGrant, type Client, type GrantType } from '../../model/client.ts'
import type { Exchange } from '../endpoint.ts'
import { basicCredentials, type Credentials } from './basic-credentials.ts'

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="OAuth", charset="UTF-8"' } as const

/**
 * Authenticates the client of a token request: by a secret in the `Authorization` header or the body, or, for a public
 * client, by its id alone (RFC 6749 section 2.3). A failure counts against the address.
 *
 * @throws OAuthError `invalid_client`, `invalid_request` if two methods are used, `too_many_requests`
 */
export async function authenticateClient(exchange: Exchange, form: Form): Promise<Client> {
  const header = exchange.request.header('authorization')
  const readings = header === undefined ? fromBody(form) : fromHeader(header, form)
  return verify(exchange, readings, header !== undefined)
}

/**
 * Authenticates a confidential client by HTTP Basic. A failure counts against the address. A throttled address is only
 * refused if the credentials are wrong, so that a guesser behind the same proxy cannot shut out other services.
 *
 * @throws OAuthError `invalid_client` with a challenge, `too_many_requests`
 */
export async function authenticateByBasic(exchange: Exchange): Promise<Client> {
  const header = exchange.request.header('authorization')
  if (header === undefined) throw failure('no Authorization header was sent', true)
  const client = await verify(exchange, fromHeader(header, EMPTY_FORM), true)
  if (client.type === 'confidential') return client
  throw failure(`client ${client.id}: is public`, true)
}

/** What credentials can mean. More than one reading only if Basic credentials may be form-encoded or not. */
type Readings = readonly [Credentials, ...Credentials[]]

async function verify(exchange: Exchange, readings: Readings, isBasic: boolean): Promise<Client> {
  const { services, address, auditFields } = exchange
  const { client, problem, guesses } = await identify(exchange, readings)
  if (client) auditFields.clientId = client.id
  if (client && problem === undefined) return client
  await refuseIfThrottled(exchange)
  for (let guess = 0; guess < guesses; guess += 1) await services.throttle.fail({ address })
  const id = client?.id ?? excerpt(readings[0].clientId)
  const hint = readings.length > 1 ? `; ${HINT}` : ''
  throw failure(`client ${id}: ${problem ?? 'unknown'}${hint}`, isBasic)
}

const HINT =
  'the credentials contain %, + or several colons, and are read as form-encoded (RFC 6749 section 2.3.1) and as sent'

interface Identity {
  readonly client: Client | undefined
  readonly problem: string | undefined
  /** How many secrets were compared, for the throttle. */
  readonly guesses: number
}

/** Finds and checks the client. If the secret is wrong, this node may remember an older one: it loads the client again. */
async function identify(exchange: Exchange, readings: Readings): Promise<Identity> {
  const first = await check(exchange, readings)
  if (!first.client || first.problem === undefined) return first
  exchange.services.clients.forget(first.client.id)
  return check(exchange, readings)
}

/** If both readings name a client, the form-encoded one counts: the other one is ambiguous. */
async function check(exchange: Exchange, readings: Readings): Promise<Identity> {
  const { clients, userDirectory } = exchange.services
  for (const { clientId } of readings) {
    const client = await clients.find(clientId)
    if (!client) continue
    const secrets = readings.filter((reading) => reading.clientId === clientId).map(({ secret }) => secret)
    // Servers can share a database and its clients without having the same providers.
    const problem = userDirectory.has(client.provider)
      ? await problemOf(exchange, client, secrets)
      : `its provider ${client.provider} is not one of this server`
    return { client, problem, guesses: secrets.length }
  }
  return { client: undefined, problem: 'unknown', guesses: 1 }
}

async function problemOf(
  exchange: Exchange,
  client: Client,
  presented: readonly (string | undefined)[],
): Promise<string | undefined> {
  if (client.revokedAt !== null) return 'revoked'
  if (client.type === 'public') return undefined
  const secrets = presented.filter((secret) => secret !== undefined)
  if (secrets.length === 0) return 'is confidential and sent no secret'
  const now = exchange.services.settings.clock.now()
  const hashes = client.secrets
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    .map(({ hash }) => hash)
  if (secrets.some((secret) => isOneOf(hashes, sha256(secret)))) return undefined
  return (await isImportedSecret(exchange, client.id, secrets, hashes.filter(isImportedHash)))
    ? undefined
    : 'sent a wrong secret'
}

/** Their check is slow, so a throttled address gets none. */
async function isImportedSecret(
  exchange: Exchange,
  clientId: string,
  secrets: readonly string[],
  hashes: readonly string[],
): Promise<boolean> {
  if (hashes.length === 0) return false
  await refuseIfThrottled(exchange)
  const { store, clients: cache, settings } = exchange.services
  const options = { clients: store.clients, cache, verifyLegacyHash: settings.passport?.verifyLegacyHash }
  for (const secret of secrets)
    if (await matchesImportedSecret(options, clientId, hashes, secret)) return true
  return false
}

const isOneOf = (hashes: readonly string[], presented: string): boolean =>
  hashes.some((hash) => isEqualInConstantTime(hash, presented))

function fromBody(form: Form): Readings {
  const clientId = form.get('client_id')
  if (clientId === undefined) throw failure('no client_id was sent', false)
  return [{ clientId, secret: form.get('client_secret') }]
}

/** A client uses one method, not two (RFC 6749 section 2.3). */
function fromHeader(header: string, form: Form): Readings {
  if (form.get('client_secret') !== undefined) {
    throw new OAuthError('invalid_request', 'The client authenticates in two ways')
  }
  const all = basicCredentials(header)
  if (all.length === 0) throw failure('the Authorization header has no valid Basic credentials', true)
  const named = form.get('client_id')
  const [first, ...others] = all.filter(({ clientId }) => named === undefined || named === clientId)
  if (first) return [first, ...others]
  throw new OAuthError('invalid_request', 'The client_id differs from the one in the Authorization header')
}

/** The beginning only: if a client mixes up id and secret, the log must not contain the secret. */
const excerpt = (text: string): string => JSON.stringify(`${text.slice(0, 8)}…`)

/** RFC 6749 section 5.2: 401, with a challenge if the client used the header. */
const failure = (detail: string, isBasic: boolean): OAuthError =>
  new OAuthError('invalid_client', 'Client authentication failed', {
    detail,
    headers: isBasic ? CHALLENGE : {},
  })

/**
 * Refuses a request from an address with too many recent failures.
 *
 * @throws OAuthError `too_many_requests` with `Retry-After`
 */
export async function refuseIfThrottled({ services, address }: Exchange): Promise<void> {
  const blocked = await services.throttle.check({ address })
  if (!blocked) return
  const options = { detail: `too many failures from ${address}`, headers: blocked.headers }
  throw new OAuthError('too_many_requests', 'Too many failed requests. Try again later', options)
}

/**
 * Refuses a client that may not use a grant.
 *
 * @throws OAuthError `unauthorized_client`
 */
export function requireGrant(client: Client, grantType: GrantType): void {
  if (canUseGrant(client, grantType)) return
  const options = { detail: `client ${client.id} lacks the grant ${grantType}` }
  throw new OAuthError('unauthorized_client', 'The client is not allowed to use this grant type', options)
}
