import { OAuthError } from '../../errors.ts'
import { chooseScopes } from '../../grants/permit.ts'
import { chooseResources } from '../../grants/resources.ts'
import type { Form } from '../../lib/form.ts'
import { randomId, randomBase64url, sha256 } from '../../lib/hash.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import type { Client } from '../../model/client.ts'
import { DEVICE_GRANT, formatUserCode, type DeviceCode } from '../../model/device-code.ts'
import { scopesToAskFor } from '../../model/scope.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm } from '../body.ts'
import { providerPathsOf } from '../paths.ts'
import type { Services } from '../services.ts'
import { refuseIfThrottled, authenticateClient, requireGrant } from './client-authentication.ts'
import { makeUserCode, userCodeHashes } from '../user-code.ts'

/** How often another code is drawn where somebody has this one, or the client looked up again where it has changed. */
const MOST_ATTEMPTS = 10

/** The two codes of a device, which nobody but the device is told. */
interface Codes {
  readonly deviceCode: string
  readonly userCode: string
}

/** A device asks for a code that a person can type in elsewhere (RFC 8628 section 3.1). */
export async function deviceAuthorization(exchange: Exchange): Promise<HttpResponse> {
  const { services } = exchange
  await refuseIfThrottled(exchange)
  const form = await readForm(exchange.request)
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const client = await authenticateClient(exchange, form)
    requireGrant(client, DEVICE_GRANT)
    if (client.type === 'public') await refuseIfDemanding(exchange)
    const codes = { deviceCode: randomBase64url(32), userCode: makeUserCode() }
    const outcome = await services.store.deviceCodes.insert(newDeviceCode(exchange, client, form, codes))
    if (outcome === 'inserted') return json(200, describe(services, client, codes))
    if (outcome === 'revoked') {
      // The client was revoked meanwhile, or everything was: look again, knowing it.
      services.clients.forget(client.id)
      await services.feed.sync()
    }
  }
  const options = { detail: `no code in ${MOST_ATTEMPTS} attempts`, headers: { 'Retry-After': '1' } }
  throw new OAuthError('temporarily_unavailable', 'Try again in a moment', options)
}

/** Each code is a row, and the id of a public client is no secret: without a bound, anybody could fill the disk. */
async function refuseIfDemanding({ services, address }: Exchange): Promise<void> {
  const blocked = await services.deviceCodeThrottle.check({ address })
  if (!blocked) return services.deviceCodeThrottle.fail({ address })
  const options = { detail: `too many device codes for ${address}`, headers: blocked.headers }
  throw new OAuthError(
    'too_many_requests',
    'Too many codes were asked for: wait before you try again',
    options,
  )
}

function newDeviceCode(
  { services, address }: Exchange,
  client: Client,
  form: Form,
  { deviceCode, userCode }: Codes,
): DeviceCode {
  const { clock, deviceCodes, scopes, resources } = services.settings
  const now = clock.now()
  return {
    hash: sha256(deviceCode),
    userCodeHash: userCodeHashes(services, userCode)[0] ?? '',
    authorizationId: randomId(),
    clientId: client.id,
    scopes: chooseScopes(scopes, form.get('scope'), scopesToAskFor(client.scopes)),
    resources: chooseResources(resources, form.getAll('resource')),
    address,
    issuerEpoch: services.feed.issuerEpoch,
    clientEpoch: client.epoch,
    interval: deviceCodes.interval,
    lastPolledAt: null,
    claim: null,
    decision: null,
    createdAt: now,
    expiresAt: now + deviceCodes.lifetime,
    spentAt: null,
    voidedAt: null,
  }
}

/** The answer of RFC 8628 section 3.2. */
function describe({ settings }: Services, { provider }: Client, { deviceCode, userCode }: Codes): unknown {
  const { issuer, deviceCodes } = settings
  const page = new URL(issuer).origin + providerPathsOf(settings, provider).device
  const shown = formatUserCode(userCode)
  return {
    device_code: deviceCode,
    user_code: shown,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${shown}`,
    expires_in: Math.floor(deviceCodes.lifetime / 1000),
    interval: Math.ceil(deviceCodes.interval / 1000),
  }
}
