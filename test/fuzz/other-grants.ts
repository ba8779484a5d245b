import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { authorizationUrl, authorize, type Parameters } from '../support/oauth-client.ts'
import {
  allowDevice,
  basicOf,
  ofBrowser,
  openDevice,
  openTokenConsent,
  signIn,
  type Credentials,
} from './credentials.ts'
import { draft, FORM, pairsOf, post, type Draft } from './request.ts'
import { BADGE, CUSTOM_GRANT_TYPE, type World } from './world.ts'

/** Asks for a token in a fragment, by links and by the consent page. */
export async function implicitRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { server, old, user } = world
  const visitor = await signIn(world, credentials)
  const ask = { response_type: 'token', scope: 'orders:read', state: 'xyz' }
  // The user is asked once: what comes after it is remembered.
  await authorize(visitor.browser, authorizationUrl(server, old, ask), user)
  credentials.made.authorizations += 1
  const approve = await openTokenConsent(world, credentials, visitor)
  const headers = ofBrowser(world, visitor)
  const path = '/oauth/authorize'
  const query = pairsOf({ ...ask, client_id: old.id, redirect_uri: old.redirectUri })
  return [
    draft(path, { query, headers }),
    draft(path, { query: [...query, ['prompt', 'none']], headers }),
    draft(path, { query: [...query, ['response_mode', 'fragment']], headers }),
    draft(path, { method: 'POST', body: query, headers: [FORM, ...headers] }),
    post(path, approve, ...headers),
    post(path, { ...approve, _method: 'DELETE' }, ...headers),
  ]
}

/** Asks for tokens by name and password, by a grant of one's own and by devices. */
export async function grantRequests(
  world: World,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { phone, shop, tv, user, customer } = world
  const visitor = await signIn(world, credentials)
  const ask = (by: World['phone'], parameters: Parameters): Draft =>
    post('/oauth/token', { scope: 'orders:read', ...parameters }, ['authorization', basicOf(by)])
  const password = ({ email, password: typed }: World['user']): Parameters => ({
    grant_type: 'password',
    username: email,
    password: typed,
  })
  const badge = (id: string): Parameters => ({ grant_type: CUSTOM_GRANT_TYPE, badge: `${BADGE}${id}` })
  const poll = ({ deviceCode }: { readonly deviceCode: string }): Draft =>
    post('/oauth/token', { grant_type: DEVICE_GRANT, client_id: tv.id, device_code: deviceCode })
  return [
    ask(phone, password(user)),
    ask(phone, badge(user.id)),
    ask(shop, password(customer)),
    ask(shop, { ...badge(customer.id), resource: 'https://api.example/orders' }),
    poll(await openDevice(world, credentials)),
    poll(await allowDevice(world, credentials, visitor)),
  ]
}
