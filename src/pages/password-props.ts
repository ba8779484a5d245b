import type { SignInWith } from '../model/subject.ts'
import type { AccountProps, FormTarget } from './shared-props.ts'

/** The page where users change their password. */
export interface PasswordProps extends AccountProps {
  /** POST `hidden`, `new_password`, and `keep_other_devices=yes` if other devices stay signed in. */
  readonly change: FormTarget
  /** The user's email, for password managers. */
  readonly email?: string
  /** True if the form must also send `current_password`, because the user signed in too long ago. */
  readonly asksPassword: boolean
  /** Whether the checkbox for the other devices is checked. */
  readonly keepsOtherDevices: boolean
  /** True if the password was just changed. */
  readonly isChanged: boolean
  /**
   * Why the last attempt failed: no new password, one that the user provider rejected (with its reason, one sentence without
   * a period), an incorrect or missing current password, or too many incorrect ones (seconds to wait).
   */
  readonly problem?:
    | { readonly kind: 'missing' | 'password' | 'passwordRequired' }
    | { readonly kind: 'rejected'; readonly message: string }
    | { readonly kind: 'passwordThrottled'; readonly seconds: number }
}

/** The page where users ask for a link to reset a forgotten password: POST `hidden` and `username`. */
export interface ForgotPasswordProps extends FormTarget {
  /** The provider whose users ask here, such as `users`. */
  readonly provider: string
  /** Decides how the field `username` is labeled. */
  readonly signInWith: SignInWith
  /** What the user entered before. */
  readonly username: string
  /** The sign-in page, if there is one. */
  readonly signInUrl?: string
  /** The form timed out. */
  readonly problem?: { readonly kind: 'expired' }
}

/** The page after that, whether the user exists or not. */
export interface ForgotPasswordSentProps {
  /** How long the link is valid (seconds). */
  readonly lifetime: number
  /** The sign-in page, if there is one. */
  readonly signInUrl?: string
}

/** The page of a link to reset a password: POST `hidden` and `new_password`. Its URL and `hidden` contain the token. */
export interface ResetPasswordProps extends FormTarget {
  /** The user's email, for password managers. */
  readonly email?: string
  /**
   * Why the last attempt failed: a form that timed out, no new password, or one that the user provider rejected (with its
   * reason, one sentence without a period).
   */
  readonly problem?:
    | { readonly kind: 'expired' | 'missing' }
    | { readonly kind: 'rejected'; readonly message: string }
}

/** The page of a link that is unknown, expired, void or already used. */
export interface InvalidResetLinkProps {
  /** Where to ask for another one. */
  readonly forgotPasswordUrl: string
}

/** The page after the password was reset. */
export interface PasswordResetProps {
  /** The sign-in page, if there is one. */
  readonly signInUrl?: string
}
