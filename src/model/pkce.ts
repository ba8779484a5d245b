import { isEqualInConstantTime, sha256 } from '../lib/hash.ts'

const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/
const CHALLENGE = /^[A-Za-z0-9\-_]{43}$/

/** Returns whether a text has the form of a `code_verifier` (RFC 7636 section 4.1): 43 to 128 unreserved characters. */
export const isCodeVerifier = (text: string): boolean => VERIFIER.test(text)

/** Returns whether a text has the form of an S256 `code_challenge` (RFC 7636 section 4.2): 43 base64url characters. */
export const isCodeChallenge = (text: string): boolean => CHALLENGE.test(text)

/** Returns whether a verifier matches a challenge. Only S256 is supported (RFC 9700 section 2.1.1). */
export const matchesChallenge = (verifier: string, challenge: string): boolean =>
  isEqualInConstantTime(sha256(verifier), challenge)
