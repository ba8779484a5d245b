import { html, type Html } from '../../lib/html.ts'
import { appsEn } from './apps-en.ts'
import { developerEn } from './developer-en.ts'
import { createFormats } from './formats.ts'
import { tokensEn } from './tokens-en.ts'

const formats = createFormats('en')
const { lifetime, waitingTime } = formats

/** The text of every page, in English. Names and hosts arrive as markup that is already escaped and isolated. */
export const en = {
  /** For `<html lang>` (BCP 47). */
  lang: 'en',
  /** What the language calls itself, for the links to other languages. */
  name: 'English',
  direction: 'ltr' as 'ltr' | 'rtl',
  formats,
  /** Read by screen readers before the links to other languages. */
  otherLanguages: 'Language',
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
    accessTo: (resources: readonly Html[]): Html => html`This gives access to ${formats.list(resources)}.`,
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
      expired_form: (): Html => html`This form was open too long.`,
      submitted_form: (): Html => html`This form was already submitted.`,
      forged_form: (): Html => html`This form was not sent from our page.`,
      not_found: (): Html => html`There is nothing at this address. It may have been deleted.`,
    },
    /** In place of the description of another error, which is in English and for developers. Undefined: shows it as it is. */
    otherReason: undefined as string | undefined,
    description: 'Details',
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
    /** The name of a device whose user has not named it. */
    browserOn: (browser: string, system: string): string => `${browser} on ${system}`,
    unknown: 'Unknown device',
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
    ago: (seconds: number): string => formats.ago(seconds, 'just now'),
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
    /** Reasons of the built-in users. The others come from your app. */
    tooShort: (minimum: number): string => `The password must have at least ${minimum} characters.`,
    tooLong: (maximum: number): string => `The password must have at most ${maximum} bytes.`,
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
  ...tokensEn,
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

/** The text of every page in one language. Another language is another object of this type. */
export type Messages = typeof en
