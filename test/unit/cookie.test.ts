import { describe, expect, test } from 'vitest'
import { readCookie, writeCookie } from '../../src/lib/cookie.ts'

describe('readCookie', () => {
  test('finds a cookie at any position', () => {
    expect(readCookie('sid=abc', 'sid')).toBe('abc')
    expect(readCookie('theme=dark; sid=abc; lang=en', 'sid')).toBe('abc')
    expect(readCookie('theme=dark;sid=abc', 'sid')).toBe('abc')
  })

  test('returns the first of several cookies with the same name', () => {
    expect(readCookie('sid=first; sid=second', 'sid')).toBe('first')
  })

  test('does not match a name that only starts or ends the same', () => {
    expect(readCookie('xsid=1; sidx=2; sid.=3; SID=4', 'sid')).toBeUndefined()
    expect(readCookie('sid =1', 'sid')).toBeUndefined()
  })

  test('does not match a name inside the value of another cookie', () => {
    expect(readCookie('theme=sid=stolen', 'sid')).toBeUndefined()
  })

  test('accepts an equals sign in the value', () => {
    expect(readCookie('sid=a=b==', 'sid')).toBe('a=b==')
  })

  test.each(['\u00A0', '\u2000', '\uFEFF', '\v', '\f'])(
    'keeps whitespace that browsers do not strip (%j), so that a script cannot bypass __Host-',
    (space) => expect(readCookie(`${space}__Host-sid=planted`, '__Host-sid')).toBeUndefined(),
  )

  test('ignores spaces and tabs around a pair', () => {
    expect(readCookie('a=b; \t sid=abc \t; c=d', 'sid')).toBe('abc')
  })

  test.each([undefined, '', ';', '=;=', 'sid', 'sid='])('finds nothing in %j', (header) =>
    expect(readCookie(header, 'sid')).toBeUndefined(),
  )
})

describe('writeCookie', () => {
  test('sets HttpOnly, SameSite=Lax and Path=/', () => {
    expect(writeCookie('sid', 'abc', { secure: false })).toBe('sid=abc; Path=/; HttpOnly; SameSite=Lax')
  })

  test('sets Secure and Max-Age', () => {
    const cookie = writeCookie('__Host-sid', 'abc', { secure: true, maxAge: 60 })
    expect(cookie).toBe('__Host-sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure')
  })

  test('deletes the cookie with a Max-Age of 0', () => {
    expect(writeCookie('sid', '', { secure: false, maxAge: 0 })).toContain('; Max-Age=0')
  })
})
