import type { Epochs } from '../model/epochs.ts'
import type { PasswordReset } from '../model/password-reset.ts'
import type { UserRef } from '../model/subject.ts'

/** A limit on the links that one user can have. */
export interface PasswordResetLimit {
  readonly maximum: number
  /** Links that were created after this time count. Voided ones do not. */
  readonly since: number
}

/** Links to reset forgotten passwords, identified by the hashes of their tokens. */
export interface PasswordResetStore {
  /**
   * Inserts a link only if the epochs are current. If the user has too many recent links, it is inserted all the same,
   * but voided: the time that this takes must not tell who has an account. Returns `limited` then, and `revoked` if the
   * condition fails. Of parallel calls for one user, no more than `maximum` return `open`.
   */
  insert(
    reset: PasswordReset,
    owner: { readonly subject: string; readonly epochs: Epochs },
    limit: PasswordResetLimit,
  ): Promise<'open' | 'limited' | 'revoked'>
  find(hash: string): Promise<PasswordReset | undefined>
  /** Spends a link only if it is not spent, voided or expired. Durable. Returns whether it did. */
  spend(hash: string, now: number): Promise<boolean>
  /** Makes a link usable again that was spent at `spentAt`, because the password was not changed. Voided ones stay void. */
  restore(hash: string, spentAt: number): Promise<void>
  /** Voids a link that is not spent. */
  void(hash: string, now: number): Promise<void>
  /** Voids the unspent links of a user. Durable. */
  voidByUser(user: UserRef, now: number): Promise<void>
}
