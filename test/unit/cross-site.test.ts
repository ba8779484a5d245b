import { expect, test } from 'vitest'
import { originProblem } from '../../src/guard/cross-site.ts'

const ALLOWED = new Set(['https://app.example.com'])

test.each([
  ['an origin', { origin: 'https://evil.example' }, 'Origin: https://evil.example, Sec-Fetch-Site: none'],
  ['an opaque origin', { origin: 'null' }, 'Origin: null, Sec-Fetch-Site: none'],
  ['a site', { 'sec-fetch-site': 'cross-site' }, 'Origin: none, Sec-Fetch-Site: cross-site'],
  ['no token in Origin', { origin: 'u9Bqu__R3nTUh6wqjDOd' }, 'Origin: malformed, Sec-Fetch-Site: none'],
  ['no path of Origin', { origin: 'https://a.example/secret' }, 'Origin: malformed, Sec-Fetch-Site: none'],
  [
    'no token in Sec-Fetch-Site',
    { 'sec-fetch-site': 'u9Bqu__R3' },
    'Origin: none, Sec-Fetch-Site: malformed',
  ],
])('the log of a cross-origin request has %s', (_what, headers: Record<string, string>, detail) => {
  const problem = originProblem((name) => headers[name], ALLOWED)
  expect(problem?.detail).toBe(`${detail}. Allowed origins: https://app.example.com`)
})
