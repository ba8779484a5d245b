import { OAuthError } from '../../errors.ts'
import { chooseScopes } from '../../grants/permit.ts'
import { chooseResources } from '../../grants/resources.ts'
import type { Form } from '../../lib/form.ts'
import { randomId, randomBase64url, sha256 } from '../../lib/hash.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import type { Client } from '../../model/client.ts'
import { DEVICE_GRANT, formatUserCode, type DeviceCode } from '../../model/device-code.ts'
import { requestableScopes, scopeRulesFor } from '../../model/scope.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm } from '../body.ts'
import { providerPathsOf } from '../paths.ts'
import type { Services } from '../services.ts'
import { refuseIfThrottled, authenticateClient, requireGrant } from './client-authentication.ts'
import { createUserCode, userCodeHashes } from '../user-code.ts'

/** How often to draw another user code if it is taken, or to load the client again if it has changed. */
const MAX_ATTEMPTS = 10

/** The two codes of a device, in plain text. Only the device gets them. */
interface Codes {
  readonly deviceCode: string
  readonly userCode: string
}

/** POST: creates the codes of a device (RFC 8628 section 3.1). */
export async function deviceAuthorization(exchange: Exchange): Promise<HttpResponse> {
  const { services } = exchange
  await refuseIfThrottled(exchange)
  const form = await readForm(exchange.request)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const client = await authenticateClient(exchange, form)
    requireGrant(client, DEVICE_GRANT)
    if (client.type === 'public') await refuseTooManyCodes(exchange)
    const codes = { deviceCode: randomBase64url(32), userCode: createUserCode() }
    const outcome = await services.store.deviceCodes.insert(newDeviceCode(exchange, client, form, codes))
    if (outcome === 'inserted') return json(200, toResponse(services, client, codes))
    if (outcome === 'revoked') {
      // The client or the issuer was revoked in the meantime: load both again.
      services.clients.forget(client.id)
      await services.feed.sync()
    }
  }
  const options = { detail: `no code in ${MAX_ATTEMPTS} attempts`, headers: { 'Retry-After': '1' } }
  throw new OAuthError('temporarily_unavailable', 'Try again in a moment', options)
}

/** Each code is a row, and anyone can use the id of a public client: without a limit, the disk could be filled. */
async function refuseTooManyCodes({ services, address }: Exchange): Promise<void> {
  const blocked = await services.deviceCodeThrottle.check({ address })
  if (!blocked) return services.deviceCodeThrottle.fail({ address })
  const options = { detail: `too many device codes for ${address}`, headers: blocked.headers }
  throw new OAuthError('too_many_requests', 'Too many device codes. Try again later', options)
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
    scopes: chooseScopes(scopeRulesFor(scopes, client), form.get('scope'), requestableScopes(client.scopes)),
    resources: chooseResources(resources, form.getAll('resource')),
    address,
    issuerEpoch: services.feed.issuerEpoch,
    clientEpoch: client.epoch,
    interval: deviceCodes.interval,
    lastPolledAt: null,
    lastPolledBy: null,
    claim: null,
    decision: null,
    createdAt: now,
    expiresAt: now + deviceCodes.lifetime,
    spentAt: null,
    voidedAt: null,
  }
}

/** Returns the response (RFC 8628 section 3.2). */
function toResponse({ settings }: Services, { provider }: Client, { deviceCode, userCode }: Codes): unknown {
  const { issuer, deviceCodes } = settings
  const page = new URL(issuer).origin + providerPathsOf(settings, provider).device
  const formatted = formatUserCode(userCode)
  return {
    device_code: deviceCode,
    user_code: formatted,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${formatted}`,
    expires_in: Math.floor(deviceCodes.lifetime / 1000),
    interval: Math.ceil(deviceCodes.interval / 1000),
  }
}
