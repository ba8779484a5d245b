import { html, type Html } from '../../lib/html.ts'
import { REDIRECT_URI_PROBLEMS, type RedirectUriProblem } from '../../model/redirect-uri-problem.ts'
import { createFormats } from './formats.ts'

const { lifetime, waitingTime } = createFormats('en')

/** The text of the pages on which users manage their own apps, in English. */
export const developerEn = {
  developerApps: {
    heading: 'Developer apps',
    advice: 'Register an app so that users can sign in to it with their account.',
    yours: 'Your apps',
    none: "You haven't registered any apps yet.",
    created: (time: Html): Html => html`Registered ${time}`,
    edit: 'Edit',
    editNamed: (name: string): string => `Edit ${name}`,
    register: 'Register a new app',
    full: (limit: number): string =>
      `You've reached the maximum of ${limit === 1 ? '1 app' : `${limit} apps`}. Delete one you no longer need.`,
    deleted: (name: Html): Html => html`${name} was deleted.`,
    gone: 'This app no longer exists. It may have been deleted in another window.',
  },
  registerApp: {
    heading: 'Register a new app',
    submit: 'Register app',
    cancel: 'Cancel',
    type: 'Can the app keep a secret?',
    types: {
      confidential: 'Yes, it runs on a server',
      public: "No, it's a single-page, mobile or desktop app",
    },
    typeHint: "You can't change this later.",
  },
  editApp: {
    clientId: 'Client ID',
    copy: 'Copy',
    copied: 'Copied',
    failed: "Couldn't copy. Select the client ID and copy it manually.",
    secret: 'Client secret',
    hasSecret: "The secret was shown when it was generated and can't be shown again.",
    oldSecrets: (time: Html): Html => html`Earlier secrets work until ${time}.`,
    isPublic: 'This app has no secret. It uses PKCE instead.',
    rotate: 'Generate a new secret',
    settings: 'Settings',
    scopes: (count: number): string =>
      count === 1 ? 'The app can request 1 permission' : `The app can request ${count} permissions`,
    submit: 'Save changes',
    saved: 'Your changes were saved.',
    danger: 'Danger zone',
    deleteAdvice: 'All its users lose access.',
    delete: 'Delete app',
    back: 'All apps',
  },
  appForm: {
    name: 'App name',
    nameHint: 'Users see it when they sign in. Choose something they recognize and trust.',
    homepage: 'Homepage URL',
    redirectUris: 'Redirect URIs',
    redirectUrisHint: 'One per line. Users return to one of them after they sign in.',
    logo: 'Logo',
    logoHint: 'A data: URI of a PNG, JPEG, GIF, WebP or AVIF image of up to 24 KB.',
    chooseImage: 'Choose an image',
    removeImage: 'Remove',
    imageTooLarge: 'This image is too large. Choose one of up to 24 KB.',
    imageUnreadable: "This image can't be read. Choose another one.",
    privacy: 'Privacy policy URL',
    terms: 'Terms of service URL',
    optional: (label: string): string => `${label} (optional)`,
    device: 'Enable the device flow',
    deviceHint: 'For apps on TVs, in terminals and on other devices without a browser.',
    currentPassword: 'Your password',
    currentPasswordHint: "You signed in a while ago. Enter your password to confirm it's you.",
    sensitiveHint:
      'You signed in a while ago. Enter your password if you change redirect URIs or the device flow.',
    signInAgain: {
      required: 'To register an app, sign in again.',
      sensitive: 'To change redirect URIs or the device flow, sign in again first.',
      secret: 'To generate a secret, sign in again.',
      submit: 'Sign in again',
    },
    errors: {
      name: 'Enter a name of up to 255 characters.',
      redirect_uris: (reason: string, line: number | undefined): string =>
        line === undefined ? `The list ${reason}.` : `Line ${line} ${reason}.`,
      homepage: 'Enter a URL that starts with https://.',
      logo: 'Use a PNG, JPEG, GIF, WebP or AVIF image of up to 24 KB.',
      privacy: 'Enter a URL that starts with https://.',
      terms: 'Enter a URL that starts with https://.',
      device: "The device flow isn't available.",
    },
    /** Why redirect URIs are rejected. `#` stands for a value. */
    redirectUriReasons: REDIRECT_URI_PROBLEMS as Readonly<Record<RedirectUriProblem, string>>,
    problems: {
      invalid: 'Check the fields below.',
      full: "You've reached the maximum number of apps. Delete one you no longer need.",
      repeated: "This form was already submitted. If you didn't copy the secret, generate a new one.",
      changed: 'This app was changed in another window. Check your entries and save again.',
      secretChanged: "A new secret was already generated. If you didn't copy it, generate another one.",
      password: 'That password is incorrect. Try again.',
      passwordRequired: 'Enter your password to continue.',
    },
    throttled: (seconds: number): string =>
      `You've registered too many apps. Try again in ${waitingTime(seconds)}.`,
    passwordThrottled: (seconds: number): string =>
      `Too many attempts. Try again in ${waitingTime(seconds)}.`,
  },
  rotateAppSecret: {
    heading: 'Generate a new secret?',
    effect: (name: Html): Html =>
      html`${name} gets a new client secret. Earlier secrets keep working for a while, so that you can update
      the app.`,
    overlap: 'Earlier secrets stop working',
    overlapOf: (seconds: number): string => (seconds === 0 ? 'Immediately' : `After ${lifetime(seconds)}`),
    submit: 'Generate secret',
    cancel: 'Cancel',
  },
  appSecret: {
    heading: 'Your client secret',
    advice: "Copy the secret now. You won't be able to see it again. Treat it like a password.",
    clientId: 'Client ID',
    label: (name: Html): Html => html`Client secret of ${name}`,
    copy: 'Copy',
    copied: 'Copied',
    failed: "Couldn't copy. Select the secret and copy it manually.",
    oldSecrets: 'Earlier secrets work until',
    back: 'Go to the app',
  },
  deleteApp: {
    heading: 'Delete this app?',
    effect: (name: Html): Html =>
      html`All users of ${name} will lose access immediately, and its client ID stops working. This can't be
      undone.`,
    submit: 'Delete app',
    cancel: 'Cancel',
  },
}
