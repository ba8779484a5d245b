import { html, type Html } from '../../lib/html.ts'
import { appsEn } from './apps-en.ts'
import { developerEn } from './developer-en.ts'
import { ago, lifetime, waitingTime } from './durations-en.ts'

/** The text of every page, in English. Names and hosts arrive as markup that is already escaped and isolated. */
export const en = {
  /** For `<html lang>` (BCP 47). */
  lang: 'en',
  direction: 'ltr' as 'ltr' | 'rtl',
  /** The document title. `site` is the name of the server. */
  title: (page: string, site: string | undefined): string => (site ? `${page} · ${site}` : page),
  titleWithProblem: (page: string): string => `Error: ${page}`,
  signIn: {
    heading: 'Sign in',
    toContinueTo: (name: Html, host: Html | undefined): Html =>
      host ? html`to continue to ${name} at ${host}` : html`to continue to ${name} (an app on this device)`,
    username: { email: 'Email', username: 'Username', both: 'Email or username' },
    password: 'Password',
    showPassword: 'Show password',
    forgotPassword: 'Forgot password?',
    keepSignedIn: 'Keep me signed in',
    submit: 'Sign in',
    noAccount: "Don't have an account?",
    signUp: 'Sign up',
    credentials: {
      email: 'Incorrect email or password.',
      username: 'Incorrect username or password.',
      both: 'Incorrect username or password.',
    },
    expired: 'Your session timed out. Sign in again.',
    throttled: (seconds: number): string => `Too many attempts. Try again in ${waitingTime(seconds)}.`,
  },
  signInAgain: {
    heading: {
      notSignedIn: "You're not signed in",
      tooOld: 'Sign in again',
      otherBrowser: 'Continue here?',
      expired: 'This link has expired',
    },
    advice: {
      notSignedIn: 'Sign in to continue.',
      tooOld: 'To keep your account safe, this step needs a new sign-in.',
      otherBrowser: 'This sign-in was started in another browser. Only continue if you started it yourself.',
      expired: 'Go back to the app and try again.',
    },
    submit: {
      notSignedIn: 'Sign in',
      tooOld: 'Sign in again',
      otherBrowser: 'Continue',
      expired: 'Go to sign-in',
    },
    signedInAs: (name: Html): Html => html`Signed in as ${name}.`,
  },
  consent: {
    heading: 'Allow access?',
    wantsTo: (name: Html): Html => html`${name} wants to:`,
    alsoWantsTo: (name: Html): Html => html`${name} also wants to:`,
    alreadyAllowed: (count: number): string => `Already allowed (${count})`,
    uncheck: "Uncheck anything you don't want to allow.",
    required: 'required',
    wantsIdentity: (name: Html): Html => html`${name} wants to know who you are.`,
    resource: (name: Html, host: Html | undefined): Html => (host ? html`${name} at ${host}` : name),
    accessTo: (resources: readonly Html[]): Html =>
      html`This gives access to
      ${resources.map((resource, index) => html`${index > 0 && ' and '}${resource}`)}.`,
    signedInAs: 'Signed in as',
    switchAccount: 'Not you? Use another account',
    approve: 'Allow',
    deny: "Don't allow",
    appOnDevice: (name: Html): Html => html`${name} (an app on this device)`,
    trust: (name: Html): Html => html`Make sure you trust ${name}.`,
    redirectTo: (host: Html): Html => html`You'll be redirected to ${host}.`,
    returnToApp: "You'll return to the app.",
    revokeIn: (account: Html): Html => html`You can revoke access at any time in your ${account}.`,
    accountSettings: 'account settings',
    revokeUnder: (page: Html): Html => html`You can revoke access at any time under ${page}.`,
    revokeBy: (site: Html): Html => html`To revoke access later, contact ${site}.`,
  },
  client: {
    publishedBy: (publisher: Html): Html => html`By ${publisher}`,
    privacy: 'Privacy policy',
    terms: 'Terms of service',
    thirdParty: (site: Html): Html => html`Third-party app, not made by ${site}`,
  },
  footer: { privacy: 'Privacy', terms: 'Terms', support: 'Support' },
  error: {
    heading: "We can't complete this request",
    reasons: {
      unknown_client: (site: Html): Html => html`This app isn't registered with ${site}.`,
    },
    advice: 'Go back to the app and try again.',
    serverAdvice: 'Something went wrong on our end. Please try again.',
    forDeveloper: "If this keeps happening, contact the app's developer and include:",
    code: 'Error',
    requestId: 'Request ID',
  },
  signOut: {
    heading: 'Sign out?',
    signedInAs: (name: Html): Html => html`You're signed in as ${name} on this device.`,
    submit: 'Sign out',
  },
  signedOut: {
    heading: "You're signed out",
    advice: 'On a shared device, close all browser windows.',
    signIn: 'Sign in again',
  },
  signedIn: {
    heading: "You're signed in",
    signedInAs: (name: Html): Html => html`Signed in as ${name}. You can close this window.`,
    signOut: 'Sign out',
    account: 'Your account',
  },
  account: {
    navigation: 'Account',
    pages: {
      devices: 'Devices',
      password: 'Password',
      apps: 'Connected apps',
      tokens: 'Personal tokens',
      developer: 'Developer apps',
    },
    signOut: 'Sign out',
  },
  devices: {
    heading: 'Devices',
    advice: "You're signed in on these devices. Sign out any device you don't recognize.",
    current: 'This device',
    kinds: { phone: 'Phone', tablet: 'Tablet', computer: 'Computer', other: 'Device' },
    lastSeen: (time: Html): Html => html`Last seen ${time}`,
    signedIn: (time: Html): Html => html`Signed in ${time}`,
    signOut: 'Sign out',
    signOutNamed: (name: string): string => `Sign out ${name}`,
    signOutOthers: 'Sign out all other devices',
    more: (count: number): string =>
      count === 1 ? 'One more device is not shown.' : `${count} more devices are not shown.`,
    signedOut: (name: Html): Html => html`${name} was signed out.`,
    othersSignedOut: "You're signed out on all other devices.",
    ago,
  },
  signOutDevice: {
    heading: 'Sign out device?',
    effect: (name: Html): Html =>
      html`${name} will be signed out immediately. To use it again, sign in on that device.`,
    othersHeading: 'Sign out all other devices?',
    othersEffect: 'Every device except this one will be signed out immediately.',
    submit: 'Sign out',
    cancel: 'Cancel',
  },
  password: {
    heading: 'Change password',
    changed: 'Your password was changed.',
    current: 'Current password',
    new: 'New password',
    keepOtherDevices: 'Keep me signed in on other devices',
    effect:
      "Otherwise, you'll be signed out on other devices, and your personal access tokens will be revoked.",
    submit: 'Change password',
    missing: 'Enter a new password.',
    rejected: (reason: string): string => `${reason}.`,
    incorrect: 'The current password is incorrect. Try again.',
    required: 'Enter your current password to continue.',
    throttled: (seconds: number): string => `Too many attempts. Try again in ${waitingTime(seconds)}.`,
  },
  forgotPassword: {
    heading: 'Forgot your password?',
    advice: {
      email: "Enter your email, and we'll send you a link to choose a new password.",
      username: "Enter your username, and we'll send you a link to choose a new password.",
      both: "Enter your email or username, and we'll send you a link to choose a new password.",
    },
    submit: 'Send link',
    expired: 'Your session timed out. Try again.',
    back: 'Back to sign-in',
    sentHeading: 'Check your messages',
    sent: (seconds: number): string =>
      `If we found an account, we've sent a link to choose a new password. It's valid for ${lifetime(seconds)}.`,
    notReceived:
      "Didn't get it? Check your spam folder, and make sure you entered the email or username you signed up with.",
  },
  resetPassword: {
    heading: 'Choose a new password',
    effect: "You'll be signed out on all devices.",
    submit: 'Change password',
  },
  invalidResetLink: {
    heading: 'This link no longer works',
    advice: 'Password reset links expire and work only once. Request a new one.',
    again: 'Request a new link',
  },
  passwordReset: {
    heading: 'Your password was changed',
    advice: "You've been signed out on all devices. Sign in with your new password.",
    signIn: 'Sign in',
  },
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
  ...appsEn,
  deviceCode: {
    heading: 'Connect a device',
    advice: 'Enter the code shown on your device.',
    label: 'Code',
    hint: "8 letters. Spaces, dashes, and capitalization don't matter.",
    submit: 'Continue',
    incorrect: 'That code is invalid or has expired. Check the code on your device and try again.',
    expired: 'Your session timed out. Try again.',
    throttled: (seconds: number): string => `Too many incorrect codes. Try again in ${waitingTime(seconds)}.`,
  },
  deviceConsent: {
    heading: 'Allow this device?',
    compare: 'Is this code on a device in front of you?',
    requestedFrom: (address: Html): Html => html`Requested from ${address}`,
    warning: (deny: Html): Html =>
      html`Only continue if you started this yourself. If someone sent you this code, choose ${deny}: they
      would get access to your account.`,
  },
  deviceDone: {
    approved: 'Go back to your device',
    denied: 'Access denied',
    connected: (name: Html): Html =>
      html`You're connected. ${name} will continue in a few seconds. You can close this window.`,
    notConnected: (name: Html): Html => html`${name} wasn't given access. You can close this window.`,
  },
  ...developerEn,
}
