import { html } from '../../lib/html.ts'
import type { Html } from '../../lib/html.ts'

/** Made where it is needed: the first use of Intl costs tens of milliseconds, and few pages speak of time. */
const spell = (unit: 'year' | 'day' | 'hour' | 'minute' | 'second', count: number): string =>
  new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count)

/** A length of time (seconds) as it is waited for: rounded up to hours, minutes or seconds. */
function duration(total: number): string {
  if (total > 5400) return spell('hour', Math.ceil(total / 3600))
  return total > 90 ? spell('minute', Math.ceil(total / 60)) : spell('second', Math.max(1, Math.ceil(total)))
}

/** A length of time (seconds) as it is chosen: in the greatest unit of which it is a whole number. */
function exactDuration(total: number): string {
  const units = { year: 31_536_000, day: 86_400, hour: 3600, minute: 60, second: 1 } as const
  const unit = (Object.keys(units) as (keyof typeof units)[]).find((name) => total % units[name] === 0)
  return spell(unit ?? 'second', total / units[unit ?? 'second'])
}

/** Every word of every page, in English. Names and hosts arrive as markup: already escaped and isolated. */
export const en = {
  /** For `<html lang>` (BCP 47). */
  lang: 'en',
  direction: 'ltr' as 'ltr' | 'rtl',
  /** What stands in the browser's tab; `site` is what the server calls itself. */
  title: (page: string, site: string | undefined): string => (site ? `${page} · ${site}` : page),
  titleWithProblem: (page: string): string => `Problem: ${page}`,
  signIn: {
    heading: 'Sign in',
    toGoOnTo: (name: Html, host: Html): Html => html`to go on to ${name} at ${host}`,
    username: 'Email or user name',
    password: 'Password',
    submit: 'Sign in',
    credentials: 'The user name or the password is not right. Please try again.',
    expired: 'This page was open for too long. Please sign in again.',
    throttled: (wait: number): string => `Too many tries. Please wait ${duration(wait)}, then try again.`,
  },
  consent: {
    heading: 'Allow access?',
    wantsTo: (name: Html, host: Html): Html => html`${name} at ${host} wants to:`,
    wantsToKnowYou: (name: Html, host: Html): Html => html`${name} at ${host} wants to know who you are.`,
    signedInAs: 'Signed in as',
    switchAccount: 'Not you? Use another account',
    approve: 'Allow',
    deny: 'Don’t allow',
    goBackTo: (host: Html): Html =>
      html`Allow only what you know and trust. Either way, you go on to ${host}.`,
  },
  error: {
    headingOfCaller: 'This cannot go on',
    headingOfServer: 'Something went wrong',
    adviceToCaller: 'Go back to the app that you came from and start again.',
    adviceOfServer: 'It is not your fault. Please try again in a moment.',
    forSupport: 'If it happens again, tell the people who run the app:',
    code: 'Error',
    requestId: 'Request',
  },
  signOut: {
    heading: 'Sign out?',
    signedInAs: (name: Html): Html => html`You are signed in on this device as ${name}.`,
    submit: 'Sign out',
  },
  signedOut: {
    heading: 'You are signed out',
    advice: 'On a device that others use too, close the browser as well.',
    signIn: 'Sign in again',
  },
  signedIn: {
    heading: 'You are signed in',
    signedInAs: (name: Html): Html => html`as ${name}. You can close this page.`,
    signOut: 'Sign out',
    tokens: 'Personal access tokens',
  },
  personalTokens: {
    heading: 'Personal access tokens',
    advice: 'For programs of your own. Whoever has a token can do what it allows, in your name.',
    signedInAs: (name: Html): Html => html`Signed in as ${name}`,
    yours: 'Your tokens',
    none: 'You have none yet.',
    noScopes: 'Knows who you are, and no more',
    everything: 'Everything that you can do here',
    created: 'Created',
    lastUsed: 'Last used',
    expires: 'Expires',
    never: 'never',
    revoke: 'Revoke',
    revokeNamed: (name: string): string => `Revoke ${name}`,
    make: 'New token',
    name: 'Name',
    nameHint: 'What will use it? “Backup on my laptop”',
    scopes: 'What it may do',
    lifetime: 'Lives for',
    lifetimeOf: exactDuration,
    submit: 'Make token',
    problems: {
      name: 'The name must have 1 to 255 characters.',
      scopes: 'Something that you chose is not there any more. Please choose again.',
      expiresIn: 'A token cannot live for so long. Please choose again.',
      full: 'You have too many tokens. Revoke one that you do not need any more.',
      repeated: 'This form was answered before: the token was made then, and is not shown again.',
    },
    throttled: (wait: number): string => `You have made too many tokens. Please wait ${duration(wait)}.`,
  },
  newPersonalToken: {
    heading: 'Your new token',
    advice: 'Copy it now: it is not shown again. Keep it as you keep a password.',
    label: (name: Html): Html => html`The token ${name}`,
    copy: 'Copy',
    copied: 'Copied',
    failed: 'Please select it and copy it yourself',
    allows: 'It allows:',
    expires: (date: Html): Html => html`It expires on ${date}.`,
    back: 'Back to your tokens',
  },
  deviceCode: {
    heading: 'Connect a device',
    advice: 'Type in the code that the device shows.',
    label: 'Code',
    hint: 'Eight letters. Capitals, spaces and dashes do not matter.',
    submit: 'Go on',
    incorrect: 'This code is not right, or no longer works. Please compare it with the one on the device.',
    expired: 'This page was open for too long. Please try again.',
    throttled: (wait: number): string =>
      `Too many wrong codes. Please wait ${duration(wait)}, then try again.`,
  },
  deviceConsent: {
    heading: 'Allow this device?',
    isItYours: 'Is this code on a device in front of you?',
    askedFrom: (address: Html): Html => html`The device asked from ${address}.`,
    wantsTo: (name: Html): Html => html`${name} wants to:`,
    wantsToKnowYou: (name: Html): Html => html`${name} wants to know who you are.`,
    warning: 'Did somebody send you this code, or tell it to you? Then do not allow it: it is their device.',
  },
  deviceDone: {
    approved: 'Go back to your device',
    denied: 'Not allowed',
    mayGoOn: (name: Html): Html => html`${name} goes on there in a few seconds. You can close this page.`,
    getsNothing: (name: Html): Html => html`${name} gets nothing. You can close this page.`,
  },
}
