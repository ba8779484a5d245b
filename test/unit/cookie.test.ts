import { describe, expect, test } from 'vitest'
import { readCookie, writeCookie } from '../../src/lib/cookie.ts'

describe('readCookie', () => {
  test('a cookie is found wherever it stands', () => {
    expect(readCookie('sid=abc', 'sid')).toBe('abc')
    expect(readCookie('theme=dark; sid=abc; lang=en', 'sid')).toBe('abc')
    expect(readCookie('theme=dark;sid=abc', 'sid')).toBe('abc')
  })

  test('of several with one name the first counts', () => {
    expect(readCookie('sid=first; sid=second', 'sid')).toBe('first')
  })

  test('a name that only begins or ends alike is another cookie', () => {
    expect(readCookie('xsid=1; sidx=2; sid.=3; SID=4', 'sid')).toBeUndefined()
    expect(readCookie('sid =1', 'sid')).toBeUndefined()
  })

  test('a name within the value of another cookie is not a cookie', () => {
    expect(readCookie('theme=sid=stolen', 'sid')).toBeUndefined()
  })

  test('the value may hold an equals sign', () => {
    expect(readCookie('sid=a=b==', 'sid')).toBe('a=b==')
  })

  test.each(['\u00A0', '\u2000', '\uFEFF', '\v', '\f'])(
    'whitespace that a browser does not strip (%j) is part of the name, so a script cannot get around __Host-',
    (space) => expect(readCookie(`${space}__Host-sid=planted`, '__Host-sid')).toBeUndefined(),
  )

  test('spaces and tabs around a pair are not part of it', () => {
    expect(readCookie('a=b; \t sid=abc \t; c=d', 'sid')).toBe('abc')
  })

  test.each([undefined, '', ';', '=;=', 'sid', 'sid='])('in %j there is none', (header) =>
    expect(readCookie(header, 'sid')).toBeUndefined(),
  )
})

describe('writeCookie', () => {
  test('every cookie is HttpOnly, SameSite=Lax and for the whole site', () => {
    expect(writeCookie('sid', 'abc', { secure: false })).toBe('sid=abc; Path=/; HttpOnly; SameSite=Lax')
  })

  test('a secure cookie says so, and one with an age says how old it may become', () => {
    const cookie = writeCookie('__Host-sid', 'abc', { secure: true, maxAge: 60 })
    expect(cookie).toBe('__Host-sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure')
  })

  test('an age of 0 deletes it', () => {
    expect(writeCookie('sid', '', { secure: false, maxAge: 0 })).toContain('; Max-Age=0')
  })
})
