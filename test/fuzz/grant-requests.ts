import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { authorizationUrl, authorize, type Parameters } from '../support/oauth-client.ts'
import {
  startApprovedDevice,
  basicOf,
  browserHeaders,
  startPendingDevice,
  openImplicitConsent,
  signIn,
  type Credentials,
} from './credentials.ts'
import { draft, FORM, toPairs, post, type Draft } from './request.ts'
import { BADGE_PREFIX, CUSTOM_GRANT_TYPE, type Fixture } from './fixture.ts'

/** Returns valid requests for tokens in the fragment, with and without the consent form. */
export async function implicitRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { server, legacy, user } = fixture
  const visitor = await signIn(fixture, credentials)
  const ask = { response_type: 'token', scope: 'orders:read', state: 'xyz' }
  // The consent is remembered, so links are answered without it.
  await authorize(visitor.browser, authorizationUrl(server, legacy, ask), user)
  credentials.created.authorizations += 1
  const approve = await openImplicitConsent(fixture, credentials, visitor)
  const headers = browserHeaders(fixture, visitor)
  const path = '/oauth/authorize'
  const query = toPairs({ ...ask, client_id: legacy.id, redirect_uri: legacy.redirectUri })
  return [
    draft(path, { query, headers }),
    draft(path, { query: [...query, ['prompt', 'none']], headers }),
    draft(path, { query: [...query, ['response_mode', 'fragment']], headers }),
    draft(path, { method: 'POST', body: query, headers: [FORM, ...headers] }),
    post(path, approve, ...headers),
    post(path, { ...approve, _method: 'DELETE' }, ...headers),
  ]
}

/** Returns valid requests for the password grant, the custom grant and the device grant. */
export async function grantRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { phone, shop, tv, user, customer } = fixture
  const visitor = await signIn(fixture, credentials)
  const ask = (by: Fixture['phone'], parameters: Parameters): Draft =>
    post('/oauth/token', { scope: 'orders:read', ...parameters }, ['authorization', basicOf(by)])
  const password = ({ email, password: typed }: Fixture['user']): Parameters => ({
    grant_type: 'password',
    username: email,
    password: typed,
  })
  const badge = (id: string): Parameters => ({ grant_type: CUSTOM_GRANT_TYPE, badge: `${BADGE_PREFIX}${id}` })
  const poll = ({ deviceCode }: { readonly deviceCode: string }): Draft =>
    post('/oauth/token', { grant_type: DEVICE_GRANT, client_id: tv.id, device_code: deviceCode })
  return [
    ask(phone, password(user)),
    ask(phone, badge(user.id)),
    ask(shop, password(customer)),
    ask(shop, { ...badge(customer.id), resource: 'https://api.example/orders' }),
    poll(await startPendingDevice(fixture, credentials)),
    poll(await startApprovedDevice(fixture, credentials, visitor)),
  ]
}
