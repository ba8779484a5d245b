import { EXPIRY_MARGIN } from '../../lib/clock.ts'
import type { RevocationEntry } from '../../model/revocation.ts'

/** A key that readers look up. */
export interface StoredKey {
  readonly key: string
  /** 1, or the lowest epoch that is not revoked. */
  readonly value: number
  /** In milliseconds. 0: forever. */
  readonly lifetime: number
}

/** The names of the keys of a server. */
export interface KeyNames {
  /** Without this key, readers must reject everything. */
  readonly complete: string
  /** Returns the key that a node renames to `complete` once it has written everything. */
  rewrite(node: string): string
  /** Returns the key of an entry. Undefined if every token that it revokes has long expired. */
  of(entry: RevocationEntry, now: number): StoredKey | undefined
}

const PREFIX = 'TOKEN_BLACK_LIST'

/**
 * Names the keys. Those of tokens, authorizations and sessions end with an ID of fixed length, so nothing needs escaping.
 * The others have a colon after the prefix, so that a user whose ID is `ISSUER` cannot name a key that concerns everyone.
 */
export function createKeyNames(keyPrefix: string): KeyNames {
  const base = keyPrefix + PREFIX
  return {
    complete: `${base}:COMPLETE`,
    rewrite: (node) => `${base}:REWRITE:${node}`,
    of(entry, now) {
      const { epoch, expiresAt } = entry
      const lifetime = expiresAt === null ? 0 : expiresAt + EXPIRY_MARGIN - now
      if (lifetime < 0 || (lifetime === 0 && expiresAt !== null)) return undefined
      return { key: base + suffixOf(entry), value: Math.max(epoch, 1), lifetime }
    },
  }
}

function suffixOf({ kind, subject, sub }: RevocationEntry): string {
  if (kind === 'issuer') return ':ISSUER'
  if (kind === 'client') return `:CLIENT:${subject}`
  if (kind === 'user') return `:USER:${subject}`
  return `_${sub ?? ''}_${subject}`
}
