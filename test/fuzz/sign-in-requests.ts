import type { Parameters } from '../support/oauth-client.ts'
import { logInByApi, type Credentials } from './credentials.ts'
import { SHOP_ORIGIN, type Fixture } from './fixture.ts'
import { draft, post, toPairs, type Draft } from './request.ts'

const JSON_BODY = ['content-type', 'application/json'] as const

export const postJson = (path: string, parameters: Parameters, ...headers: Draft['headers']): Draft =>
  draft(path, {
    method: 'POST',
    body: toPairs(parameters),
    headers: [JSON_BODY, ...headers],
    format: 'json',
  })

/** Returns valid requests to sign in and refresh, as JSON and as forms. */
export async function apiLoginRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const { user, customer } = fixture
  const tokens = await logInByApi(fixture, credentials)
  const known = { username: user.email, password: user.password }
  const refresh = { refresh_token: tokens.refresh_token }
  const origin = ['origin', SHOP_ORIGIN] as const
  return [
    postJson('/auth/login', { ...known, device_name: 'iPhone' }, origin),
    postJson('/auth/login', { ...known, device_token: tokens.device_token, scope: 'orders:read' }),
    post('/auth/login', known, origin),
    postJson('/auth/login/customers', { username: customer.email, password: customer.password }),
    postJson('/auth/refresh', refresh, origin),
    post('/auth/refresh', refresh),
  ]
}

/** Returns valid requests to list devices and sign them out. */
export async function apiDeviceRequests(
  fixture: Fixture,
  credentials: Credentials,
): Promise<readonly [Draft, ...Draft[]]> {
  const [phone, tablet] = [await logInByApi(fixture, credentials), await logInByApi(fixture, credentials)]
  const headers = [
    ['authorization', `Bearer ${phone.access_token}`],
    ['origin', SHOP_ORIGIN],
  ] as const
  const list = draft('/auth/devices', { headers })
  const remove = (id: string): Draft => draft(`/auth/devices/${id}`, { method: 'DELETE', headers })
  return [
    // Several times, because each of the others is answered without a body.
    list,
    list,
    list,
    remove(tablet.session_id),
    remove('x'.repeat(22)),
    postJson('/auth/logout', { refresh_token: tablet.refresh_token }),
    postJson('/auth/logout-others', {}, ...headers),
    draft('/auth/logout', { method: 'POST', headers }),
  ]
}
