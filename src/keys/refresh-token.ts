import { hmac, isEqualInConstantTime } from '../lib/hash.ts'
import type { DerivedKeys } from './derived.ts'

export interface RefreshTokenParts {
  /** 1 to 64 base64url characters. */
  readonly authorizationId: string
  /** Counts the rotations, from 0. */
  readonly generation: number
  /** 16 random bytes per authorization in base64url: 22 characters. */
  readonly seed: string
}

/** Formats and parses refresh tokens. Their MAC reveals forged ones without a database query. */
export interface RefreshTokens {
  /** Returns the same token for the same parts, so that the current token can be returned again without storing it. */
  format(parts: RefreshTokenParts): string
  /** Returns the parts of a token that this issuer has created with any of its root secrets, otherwise undefined. */
  parse(token: string): RefreshTokenParts | undefined
  /** Returns whether a well-formed token names a root secret that is not known. */
  hasUnknownSecret(token: string): boolean
}

/** The refresh tokens of a running server, whose root secrets can change. */
export interface LiveRefreshTokens extends RefreshTokens {
  /**
   * Parses a token. If its root secret is unknown, first checks whether the secrets have changed. Throws
   * `StoreUnavailableError` if that cannot be found out now.
   */
  read(token: string): Promise<RefreshTokenParts | undefined>
}

const PREFIX = 'cons_rt_'
const VERSION = 'consulate refresh token 1'
const MAX_LENGTH = 200

/** Root secret ID, authorization ID, generation without leading zeros, seed and MAC. */
const FORMAT = /^cons_rt_([\w-]{8})\.([\w-]{1,64})\.(0|[1-9]\d{0,15})\.([\w-]{22})\.([\w-]{43})$/

/** Tokens of other issuers are rejected, even if they have the same root secret. */
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
    hasUnknownSecret(token) {
      const [, kid] = segmentsOf(token)
      return kid !== undefined && !keysById.has(kid)
    },
  }
}

const segmentsOf = (token: string): readonly string[] =>
  (token.length <= MAX_LENGTH ? FORMAT.exec(token) : null) ?? []
