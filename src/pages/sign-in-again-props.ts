/** The page for users who return from your app's sign-in page without a sign-in that the server accepts. */
export interface SignInAgainProps {
  /**
   * `notSignedIn`: no user is signed in to the app; `tooOld`: the user did not sign in again; `otherBrowser`: the sign-in
   * started in another browser; `expired`: the `return_to` has expired or is not ours.
   */
  readonly problem: 'notSignedIn' | 'tooOld' | 'otherBrowser' | 'expired'
  /** The signed-in user, if there is one. */
  readonly userName?: string
  /** Tries again. */
  readonly continueUrl: string
}
