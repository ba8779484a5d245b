import { LRUCache } from 'lru-cache'
import type { RefreshTokenParts } from '../keys/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/hash.ts'
import { atMost } from '../lib/lru.ts'
import { importedSeed, importedTokenId } from '../model/imported-token.ts'
import { decrypt, isCiphertext } from './ciphertext.ts'
import type { PassportSettings } from './settings.ts'

/** Reads refresh tokens that Passport has issued. */
export interface ImportedRefreshTokens {
  /** Returns whether a token looks like an imported one, so that `parse` is slow. Costs nothing. */
  looksImported(token: string): boolean
  /**
   * Returns the parts of our refresh token that an imported one stands for, generation 0 of its authorization, or undefined if
   * it is forged or expired. Authenticate the client first: each call takes 25 ms of a thread, unless the same token was
   * opened before.
   *
   * @throws OAuthError `temporarily_unavailable` if too many calls wait
   */
  parse(token: string): Promise<RefreshTokenParts | undefined>
}

/** The most opened tokens that are remembered. */
const MAX_OPENED = 1_000

/** Creates the reader of a server without imported tokens, or with those of one Passport server. */
export function createImportedRefreshTokens(
  passport: PassportSettings | undefined,
  clock: Clock,
): ImportedRefreshTokens {
  const key = passport?.encryptionKey
  if (!key) return { looksImported: () => false, parse: async () => undefined }
  const opened = new LRUCache<string, Promise<Content | undefined>>(atMost(MAX_OPENED))
  const open = async (token: string): Promise<Content | undefined> =>
    parseContent((await decrypt(token, key)) ?? '')

  /** Remembers valid tokens, so that a client that presents the same one again and again takes no threads from others. */
  async function openOnce(token: string): Promise<Content | undefined> {
    const hash = sha256(token)
    const known = opened.get(hash) ?? open(token)
    opened.set(hash, known)
    const content = await known.catch((cause: unknown) => {
      opened.delete(hash)
      throw cause
    })
    if (!content) opened.delete(hash)
    return content
  }
  return {
    looksImported: isCiphertext,
    async parse(token) {
      if (!isCiphertext(token)) return undefined
      const content = await openOnce(token)
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
