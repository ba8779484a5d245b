import type { Authorization } from '../model/authorization.ts'
import type { AuthorizationCode } from '../model/code.ts'

/** Authorization codes, identified by their hashes. `subject` is the user's `sub`. */
export interface CodeStore {
  /**
   * Inserts a code only if its client and session exist and are not revoked, and its epochs are current. Returns `exists`
   * if this code was inserted before (a consent form that was posted twice), and `revoked` if the condition fails.
   */
  insert(code: AuthorizationCode, subject: string): Promise<'inserted' | 'exists' | 'revoked'>
  find(hash: string): Promise<AuthorizationCode | undefined>
  /** Spends a code only if it is not spent, voided or expired. Returns whether it did. */
  spend(hash: string, now: number): Promise<boolean>
  /**
   * Spends a code and inserts its authorization, both or neither. Only if the code names this authorization and is not
   * spent, voided or expired, the client and the session of the authorization exist and are not revoked, and its epochs
   * are current. With `userMustExist`, only if the user exists in `users` and is not disabled. Returns whether it did.
   */
  exchange(
    hash: string,
    authorization: Authorization,
    subject: string,
    now: number,
    options?: { readonly userMustExist?: boolean },
  ): Promise<boolean>
}
