import { OAuthError } from '../../errors.ts'
import { EMPTY_FORM, type Form } from '../../lib/form.ts'
import { isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import { canUseGrant, type Client, type GrantType } from '../../model/client.ts'
import type { Exchange } from '../endpoint.ts'

interface Credentials {
  readonly clientId: string
  readonly secret: string | undefined
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="OAuth", charset="UTF-8"' } as const

/**
 * The client of a token request: by secret in the `Authorization` header or in the body, or, for public clients, by its
 * id alone (RFC 6749 section 2.3). A failure counts against the address.
 *
 * @throws OAuthError `invalid_client`, `invalid_request` where two methods are used at once, `too_many_requests`
 */
export async function authenticateClient(exchange: Exchange, form: Form): Promise<Client> {
  const header = exchange.request.header('authorization')
  const credentials = header === undefined ? fromBody(form) : fromHeader(header, form)
  return verify(exchange, credentials, header !== undefined)
}

/**
 * The confidential client of a request by HTTP Basic and nothing else. A failure counts against the address, and is all
 * that a throttled address is refused for: else a guesser behind the same proxy would shut out honest services.
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

async function verify(exchange: Exchange, credentials: Credentials, hasChallenge: boolean): Promise<Client> {
  const { services, address, auditFields } = exchange
  const { client, problem } = await identify(exchange, credentials)
  if (client) auditFields.clientId = client.id
  if (client && problem === undefined) return client
  await refuseIfThrottled(exchange)
  await services.throttle.fail({ address })
  const id = client?.id ?? excerpt(credentials.clientId)
  throw failure(`client ${id}: ${problem ?? 'unknown'}`, hasChallenge)
}

interface Identity {
  readonly client: Client | undefined
  readonly problem: string | undefined
}

/** A secret that does not fit may be newer than what this node remembers of the client: it looks again. */
async function identify(
  { services: { clients, userDirectory, settings } }: Exchange,
  { clientId, secret }: Credentials,
): Promise<Identity> {
  const look = async (): Promise<Identity> => {
    const client = await clients.find(clientId)
    // Servers that share a database share its clients, but not their people; and a provider can be taken away.
    if (client && !userDirectory.has(client.provider)) {
      return { client, problem: `is for the people of ${client.provider}, whom this server does not have` }
    }
    return { client, problem: problemOf(client, secret, settings.clock.now()) }
  }
  const remembered = await look()
  if (!remembered.client || remembered.problem === undefined) return remembered
  clients.forget(clientId)
  return look()
}

function problemOf(client: Client | undefined, secret: string | undefined, now: number): string | undefined {
  if (!client) return 'unknown'
  if (client.revokedAt !== null) return 'revoked'
  if (client.type === 'public') return undefined
  if (secret === undefined) return 'is confidential and sent no secret'
  const presented = sha256(secret)
  const live = client.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
  return live.some(({ hash }) => isEqualInConstantTime(hash, presented)) ? undefined : 'sent a wrong secret'
}

function fromBody(form: Form): Credentials {
  const clientId = form.get('client_id')
  if (clientId === undefined) throw failure('no client_id was sent', false)
  return { clientId, secret: form.get('client_secret') }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined, and one method is used, not two. */
function fromHeader(header: string, form: Form): Credentials {
  if (form.get('client_secret') !== undefined) {
    throw new OAuthError('invalid_request', 'The client authenticates in two ways at once')
  }
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  const pair = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString()
  const [clientId, secret] = pair === undefined ? [] : splitPair(pair)
  if (!clientId) throw failure('the Authorization header is no Basic credentials', true)
  const named = form.get('client_id')
  if (named !== undefined && named !== clientId) {
    throw new OAuthError('invalid_request', 'The client_id differs from the one in the Authorization header')
  }
  return { clientId, secret: secret || undefined }
}

function splitPair(pair: string): readonly (string | undefined)[] {
  const colon = pair.indexOf(':')
  return colon < 0 ? [] : [formDecode(pair.slice(0, colon)), formDecode(pair.slice(colon + 1))]
}

/** As strict as a form in a body is: a NUL would be an error in some databases and the end of the text in others. */
function formDecode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    return /[\0\ufffd]/.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}

/** The beginning: who mixes up id and secret would otherwise find the secret in the log. */
const excerpt = (text: string): string => JSON.stringify(`${text.slice(0, 8)}…`)

/** RFC 6749 section 5.2: 401, with a challenge where the header was tried. */
const failure = (detail: string, wasHeaderTried: boolean): OAuthError =>
  new OAuthError('invalid_client', 'Client authentication failed', {
    detail,
    headers: wasHeaderTried ? CHALLENGE : {},
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
  throw new OAuthError('too_many_requests', 'Too many failed requests. Try again later.', options)
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
