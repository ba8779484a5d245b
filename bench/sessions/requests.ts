import { apiRequest } from '../floors/parts/requests.ts'
import type { Shot } from '../load/feed.ts'
import { toWire } from '../load/wire.ts'

/** A signed-in device with its current pair of tokens. */
export interface Device {
  accessToken: string
  refreshToken: string
}

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): string =>
  toWire({
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

/** Signs a user in on one more device. */
export const signInShot = (username: string, deviceName: string): Shot => ({
  wire: post('/auth/login', { username, password: 'a cheap check', device_name: deviceName }),
  expects: 200,
})

/** Gets the next pair of a device. */
export const refreshShot = ({ refreshToken }: Device): Shot => ({
  wire: post('/auth/refresh', { refresh_token: refreshToken }),
  expects: 200,
})

/** Signs one device out. */
export const signOutShot = ({ accessToken }: Device): Shot => ({
  wire: post('/auth/logout', {}, { Authorization: `Bearer ${accessToken}` }),
  expects: 204,
})

/** Calls the guarded route with the token of a device. */
export const callShot = ({ accessToken }: Device, expects = 200): Shot => ({
  wire: toWire(apiRequest(accessToken)),
  expects,
})
