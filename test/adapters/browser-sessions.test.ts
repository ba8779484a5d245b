import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { createBrowserSessions } from '../../src/adapters/browser-sessions.ts'
import { toNest } from '../../src/adapters/nest.ts'
import { startServer } from '../support/server.ts'

const started = await startServer()
const { server } = started
const user = await started.addUser()
afterAll(started.close)

const plain = createBrowserSessions<[IncomingMessage, ServerResponse]>(server, {
  size: 2,
  requestOf: (request) => request,
  addCookie: (cookie, _request, response) => response.appendHeader('Set-Cookie', cookie),
})

test.each([
  ['functions of the adapters', plain],
  ['functions for Nest', toNest(server)],
])('the %s pass options on and set all cookies', async (_, sessions) => {
  const cookies: string[] = []
  const response = {
    appendHeader: (_name: string, cookie: string) => void cookies.push(cookie),
  } as unknown as ServerResponse & { header(name: string, value: string): unknown }
  const request = (cookie = '') => ({ headers: { cookie }, socket: {} }) as IncomingMessage
  const options = { methods: ['otp'], keepSignedIn: true }
  const { session } = await sessions.startSession(request(), response, user.id, options)
  expect(session.methods).toEqual(['otp'])
  const cookie = cookies.map((text) => text.split(';', 1)[0] ?? '').join('; ')
  for (const text of cookies) started.knownSecrets.add('cookie', text.split(/[=;]/)[1] ?? '')
  started.clock.advance('2m')
  cookies.length = 0
  expect(await sessions.currentUser(request(cookie), response)).toMatchObject({ id: user.id })
  expect(cookies.join()).toContain('Max-Age')
  const provider = { provider: 'unknown' }
  await expect(sessions.endSession(request(cookie), response, provider)).rejects.toThrow('unknown')
})

test('an unknown provider is an error', async () => {
  expect(() => toNest(server).for('unknown')).toThrow('unknown')
  const request = { headers: {}, socket: {} } as IncomingMessage
  const current = plain.currentUser(request, {} as ServerResponse, { provider: 'unknown' })
  await expect(current).rejects.toThrow('unknown')
})
