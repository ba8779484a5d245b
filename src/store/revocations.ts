import type { Epochs } from '../model/epochs.ts'
import type { RevocableToken, RevocationEntry } from '../model/revocation.ts'
import type { UserRef } from '../model/subject.ts'

/**
 * What to revoke. `subject` is the user's `sub`. The other `sub` only goes into the entry: the one of the tokens, if known.
 */
export type RevocationTarget =
  | { readonly kind: 'token'; readonly jti: string; readonly expiresAt: number; readonly sub?: string | null }
  | { readonly kind: 'authorization'; readonly id: string; readonly sub?: string | null }
  | {
      readonly kind: 'session'
      readonly id: string
      readonly sub?: string | null
      /** When the last API cookie of the session expires at the latest. Default: it has none. */
      readonly cookiesExpireAt?: number
    }
  | {
      readonly kind: 'user'
      readonly user: UserRef
      readonly subject: string
      /**
       * Keeps the authorizations of third-party clients that do not depend on a session: they get the new epoch, so they
       * can be refreshed. Their access tokens stop working all the same. Default false.
       */
      readonly keepThirdParties?: boolean
      /**
       * The id of one session of the user that stays signed in: it and its authorizations get the new epoch. Their access
       * tokens stop working all the same, so its clients refresh them. Default: none.
       */
      readonly keepSession?: string
      /** When the last API cookie of the user expires at the latest. Default: there are none. */
      readonly cookiesExpireAt?: number
    }
  | { readonly kind: 'client'; readonly id: string }
  | {
      readonly kind: 'issuer'
      /**
       * The least value of the issuer's new epoch. After a backup was restored, it must exceed every epoch issued since
       * that backup, or tokens from then would work again.
       */
      readonly minimumEpoch?: number
    }

/** Which sessions of a user to revoke. */
export interface SessionSelection {
  /** The user's `sub`. */
  readonly subject: string
  /** The ID of one session that stays signed in. Default: none. */
  readonly except?: string | undefined
  /** When the last API cookie of the sessions expires at the latest. Default: they have none. */
  readonly cookiesExpireAt?: number
}

/** Revocations and epochs. */
export interface RevocationStore {
  /**
   * Revokes a target in one transaction and returns the entry for the revocation feed. Durable. Returns undefined if an
   * authorization, a session or a client does not exist. Revoking again is harmless: the first `revokedAt` stays.
   *
   * - Everything that depends on the target is revoked with it: authorizations and sessions get `revokedAt`, unspent codes
   *   and device codes get `voidedAt`, and so do the links to reset a password of a user or of everyone. A revoked client is
   *   marked as revoked itself.
   * - A user, a client or the issuer gets a higher epoch.
   * - The entry has the `sub` of the target, or null.
   * - The entry expires with the last access token that it stops, by the stored `accessExpiresAt` of revoked
   *   authorizations too, and after one minute at the earliest. It does not expire before `cookiesExpireAt`, because the
   *   store has no rows of API cookies. Entries of clients and of the issuer never expire, because machine tokens have no
   *   row. A new entry of a client or of the issuer replaces the old one.
   */
  revoke(target: RevocationTarget, now: number): Promise<RevocationEntry | undefined>
  /**
   * Revokes all unrevoked sessions of a user in one transaction, with what depends on them, as `revoke` does for each.
   * Durable. Returns the entries of those that `sessions.listByUser` would list; expired sessions need no entry. A session
   * that another call revokes at the same time is in the result of one call only.
   */
  revokeSessions(user: UserRef, selection: SessionSelection, now: number): Promise<readonly RevocationEntry[]>
  /**
   * Lists the first `limit` unexpired entries with an id above `cursor`, by ascending id. An entry never appears after one
   * with a higher id did. The newest entry of all never counts as expired: a reader that misses it knows that the database is
   * an older copy.
   */
  listSince(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
  /**
   * Returns whether a token is revoked: by an entry for itself, its authorization or its session, or because an epoch was
   * raised above one of its own. For strict guards, once per request, so it should be one query.
   */
  isTokenRevoked(token: RevocableToken): Promise<boolean>
  /** Returns the current epochs of the issuer, a user and a client. A counter that was never raised is 0. */
  readEpochs(subject: string, clientId: string): Promise<Epochs>
  /** Returns when the epoch of the issuer or of a user was last raised, whichever is later. 0 if it never was. */
  readSignOutTime(subject: string): Promise<number>
}
