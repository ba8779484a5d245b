import { expect, test } from 'vitest'
import { toNextCookie } from '../../src/adapters/next-cookie.ts'

test('a cookie keeps all its attributes in Next', () => {
  const api = '__Host-consulate_api=a.b.c; Path=/; HttpOnly; SameSite=Strict; Secure'
  const readable = 'XSRF-TOKEN=t; Path=/; Domain=example.com; SameSite=Strict; Max-Age=60; Secure'
  const attributes = { path: '/', sameSite: 'strict', secure: true }
  expect(toNextCookie(api)).toEqual(['__Host-consulate_api', 'a.b.c', { ...attributes, httpOnly: true }])
  expect(toNextCookie(readable)).toEqual([
    'XSRF-TOKEN',
    't',
    { ...attributes, httpOnly: false, domain: 'example.com', maxAge: 60 },
  ])
  expect(toNextCookie('consulate_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0')).toEqual([
    'consulate_session',
    '',
    { path: '/', sameSite: 'lax', secure: false, httpOnly: true, maxAge: 0 },
  ])
})
