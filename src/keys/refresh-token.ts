import { hmac, isEqualInConstantTime } from '../lib/hash.ts'
import type { DerivedKeys } from './derived.ts'

/** What a refresh token says. */
export interface RefreshTokenParts {
  /** 1 to 64 base64url characters. */
  readonly authorizationId: string
  /** From 0; a safe integer. */
  readonly generation: number
  /** The random bytes of the authorization: 16 bytes as base64url, 22 characters. */
  readonly seed: string
}

/** Writes and reads refresh tokens, which hold all that it takes to know a forged one without asking the database. */
export interface RefreshTokens {
  /** The refresh token of an authorization at a generation: always the same text for the same parts. */
  format(parts: RefreshTokenParts): string
  /** What the token says if this issuer made it, by any of its secrets; undefined for everything else. */
  parse(token: string): RefreshTokenParts | undefined
}

const PREFIX = 'cons_rt_'
const VERSION = 'consulate refresh token 1'
const MAXIMUM_LENGTH = 200

/** kid, authorization id, generation without leading zeros, seed, MAC: each in one spelling only. */
const SHAPE = /^cons_rt_([\w-]{8})\.([\w-]{1,64})\.(0|[1-9]\d{0,15})\.([\w-]{22})\.([\w-]{43})$/

/** Makes refresh tokens of one issuer; another issuer's are refused even where the secret is shared. */
export function createRefreshTokens(keys: DerivedKeys, issuer: string): RefreshTokens {
  const keysById = keys.keysById('refresh-token')
  const macOf = (
    key: Buffer,
    kid: string,
    { authorizationId, generation, seed }: RefreshTokenParts,
  ): string => hmac(key, JSON.stringify([VERSION, issuer, kid, authorizationId, generation, seed]))
  return {
    format(parts) {
      const mac = macOf(keys.key('refresh-token'), keys.currentId, parts)
      return `${PREFIX}${keys.currentId}.${parts.authorizationId}.${parts.generation}.${parts.seed}.${mac}`
    },
    parse(token) {
      const [, kid = '', authorizationId = '', digits, seed = '', mac = ''] = segmentsOf(token)
      const parts = { authorizationId, generation: Number(digits), seed }
      const key = keysById.get(kid)
      if (!key || !Number.isSafeInteger(parts.generation)) return undefined
      return isEqualInConstantTime(mac, macOf(key, kid, parts)) ? parts : undefined
    },
  }
}

const segmentsOf = (token: string): readonly string[] =>
  (token.length <= MAXIMUM_LENGTH ? SHAPE.exec(token) : null) ?? []
