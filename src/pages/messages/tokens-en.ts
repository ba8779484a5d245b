import { html, type Html } from '../../lib/html.ts'
import { createFormats } from './formats.ts'

const { lifetime, waitingTime } = createFormats('en')

/** The text of the pages of personal access tokens, in English. */
export const tokensEn = {
  personalTokens: {
    signInAgain: { advice: 'To generate a token, sign in again.', submit: 'Sign in again' },
    heading: 'Personal access tokens',
    advice:
      'Use personal access tokens in scripts and with the API. Anyone who has a token can act as you, within its permissions.',
    yours: 'Your tokens',
    none: 'You have no tokens yet.',
    scopeCount: (count: number): string => `${count} permissions`,
    noScopes: 'No permissions (identity only)',
    everything: 'Full access to your account',
    created: 'Created',
    lastUsed: 'Last used',
    expires: 'Expires',
    never: 'Never',
    revoke: 'Revoke',
    revokeNamed: (name: string): string => `Revoke ${name}`,
    revoked: (name: Html): Html => html`${name} was revoked.`,
    create: 'New token',
    name: 'Name',
    nameHint: "What's this token for? For example, “Backup on my laptop”.",
    scopes: 'Permissions',
    lifetime: 'Expiration',
    lifetimeOf: lifetime,
    submit: 'Generate token',
    problems: {
      name: 'Enter a name of up to 255 characters.',
      scopes: 'One of the permissions is no longer available. Select permissions again.',
      expiresIn: "Tokens can't be valid for that long. Choose another expiration.",
      full: "You've reached the maximum number of tokens. Revoke one you no longer need.",
      password: 'That password is incorrect. Try again.',
      passwordRequired: 'Enter your password to continue.',
      repeated: "This form was already submitted. The token it created can't be shown again.",
    },
    currentPassword: 'Your password',
    currentPasswordHint: "You signed in a while ago. Enter your password to confirm it's you.",
    passwordThrottled: (seconds: number): string =>
      `Too many attempts. Try again in ${waitingTime(seconds)}.`,
    throttled: (seconds: number): string =>
      `You've generated too many tokens. Try again in ${waitingTime(seconds)}.`,
  },
  revokePersonalToken: {
    heading: 'Revoke this token?',
    effect: (name: Html): Html =>
      html`Scripts that use ${name} will stop working immediately. This can't be undone.`,
    submit: 'Revoke token',
    cancel: 'Cancel',
  },
  newPersonalToken: {
    heading: 'Your new token',
    advice: "Copy your token now. You won't be able to see it again. Treat it like a password.",
    label: (name: Html): Html => html`Token ${name}`,
    copy: 'Copy',
    copied: 'Copied',
    failed: "Couldn't copy. Select the token and copy it manually.",
    back: 'Back to your tokens',
  },
}
