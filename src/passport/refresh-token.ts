import type { RefreshTokenParts } from '../keys/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
import { importedSeed, importedTokenId } from '../model/imported-token.ts'
import { decrypt, isCiphertext } from './ciphertext.ts'
import type { PassportSettings } from './settings.ts'

/** Reads refresh tokens that Passport has issued. */
export interface ImportedRefreshTokens {
  /**
   * Returns the parts of our refresh token that an imported one stands for, generation 0 of its authorization, or undefined if
   * it is forged or expired. Authenticate the client first: each call takes 25 ms of a thread.
   *
   * @throws OAuthError `temporarily_unavailable` if too many calls wait
   */
  parse(token: string): Promise<RefreshTokenParts | undefined>
}

/** Creates the reader of a server without imported tokens, or with those of one Passport server. */
export function createImportedRefreshTokens(
  passport: PassportSettings | undefined,
  clock: Clock,
): ImportedRefreshTokens {
  const key = passport?.encryptionKey
  if (!key) return { parse: async () => undefined }
  return {
    async parse(token) {
      if (!isCiphertext(token)) return undefined
      const content = parseContent((await decrypt(token, key)) ?? '')
      if (!content || content.expiresAt <= clock.now()) return undefined
      return {
        authorizationId: importedTokenId(content.accessTokenId),
        generation: 0,
        seed: importedSeed(content.refreshTokenId),
      }
    },
  }
}

interface Content {
  readonly accessTokenId: string
  readonly refreshTokenId: string
  readonly expiresAt: number
}

/** The client, user and scopes of the content are in the imported row too, which may have been revoked since. */
function parseContent(json: string): Content | undefined {
  try {
    const content = JSON.parse(json) as Readonly<Record<string, unknown>> | null
    const { access_token_id: accessTokenId, refresh_token_id: refreshTokenId, expire_time } = content ?? {}
    if (typeof accessTokenId !== 'string' || typeof refreshTokenId !== 'string') return undefined
    if (typeof expire_time !== 'number') return undefined
    return { accessTokenId, refreshTokenId, expiresAt: expire_time * 1000 }
  } catch {
    return undefined
  }
}
