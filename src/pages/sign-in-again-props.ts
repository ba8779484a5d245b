/** The page for users who return from your app's sign-in page without a sign-in that counts. */
export interface SignInAgainProps {
  /**
   * `notSignedIn`: the app shows no user; `tooOld`: the user did not sign in again; `otherBrowser`: another browser was sent
   * to the app; `expired`: the `return_to` has expired or is not ours.
   */
  readonly problem: 'notSignedIn' | 'tooOld' | 'otherBrowser' | 'expired'
  /** The signed-in user, if there is one. */
  readonly userName?: string
  /** Tries again. */
  readonly continueUrl: string
}
