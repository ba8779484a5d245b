import { expect, test } from 'vitest'
import { isCodeChallenge, isCodeVerifier, matchesChallenge } from '../../src/model/pkce.ts'

// RFC 7636 appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

test('the verifier of RFC 7636 appendix B matches its challenge', () => {
  expect(matchesChallenge(VERIFIER, CHALLENGE)).toBe(true)
})

test('another verifier does not match, nor does the challenge itself (the method "plain")', () => {
  expect(matchesChallenge(`${VERIFIER.slice(0, -1)}l`, CHALLENGE)).toBe(false)
  expect(matchesChallenge(CHALLENGE, CHALLENGE)).toBe(false)
  expect(matchesChallenge('', '')).toBe(false)
})

test('a verifier has 43 to 128 unreserved characters', () => {
  for (const text of [VERIFIER, 'a'.repeat(43), '~._-'.repeat(32)]) expect(isCodeVerifier(text)).toBe(true)
  for (const text of [
    '',
    'a'.repeat(42),
    'a'.repeat(129),
    `${'a'.repeat(43)}\n`,
    `${'a'.repeat(43)}+`,
    'é'.repeat(43),
  ])
    expect(isCodeVerifier(text)).toBe(false)
})

test('a challenge has 43 base64url characters and no padding', () => {
  expect(isCodeChallenge(CHALLENGE)).toBe(true)
  for (const text of ['', CHALLENGE.slice(1), `${CHALLENGE}=`, `${CHALLENGE}\n`, CHALLENGE.replace('-', '+')])
    expect(isCodeChallenge(text)).toBe(false)
})
