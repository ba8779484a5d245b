import { html, type Html } from '../../lib/html.ts'
import { createFormats } from './formats.ts'

const formats = createFormats('en')

/** The text of the pages of connected apps, in English. */
export const appsEn = {
  connectedApps: {
    heading: 'Connected apps',
    advice: "These apps have access to your account. Disconnect any app you don't use or don't recognize.",
    none: "You haven't connected any apps yet. Apps that you give access to your account appear here.",
    thirdParty: 'Third-party apps',
    own: (site: Html): Html => html`Apps by ${site}`,
    connected: (time: Html): Html => html`Connected ${time}`,
    lastUsed: (time: Html): Html => html`Last used ${time}`,
    notUsed: 'Not used recently',
    disconnect: 'Disconnect',
    disconnectNamed: (name: string): string => `Disconnect ${name}`,
    more: (count: number): string =>
      count === 1 ? 'One more app is not shown.' : `${count} more apps are not shown.`,
    disconnected: (name: Html): Html => html`${name} was disconnected.`,
    ago: (seconds: number): string => formats.ago(seconds, 'just now'),
  },
  disconnectApp: {
    heading: 'Disconnect app?',
    effect: (name: Html): Html =>
      html`${name} will lose access to your account immediately, on all devices. You can connect it again from
      the app.`,
    loses: 'It will no longer be able to:',
    keepsData: (name: Html): Html =>
      html`${name} may keep data it has already received. To have it deleted, contact the app's developer.`,
    submit: 'Disconnect',
    cancel: 'Cancel',
  },
}
