import type { Html } from '../lib/html.ts'
import { consentPage } from './consent.ts'
import { deviceCodePage, deviceConsentPage, deviceDonePage } from './device.ts'
import { errorPage } from './error.ts'
import { COPY_SOURCE } from './copy-script.ts'
import { pageHeaders } from './headers.ts'
import type { Site } from './layout.ts'
import type { ViewProps, Views } from './props.ts'
import { newPersonalTokenPage } from './new-personal-token.ts'
import { personalTokensPage } from './personal-tokens.ts'
import { signedInPage, signInPage } from './sign-in.ts'
import { signedOutPage, signOutPage } from './sign-out.ts'
import { LANGUAGES } from './messages.ts'
import type { Language } from './messages.ts'

/** How the pages of one server look and speak. */
export interface PagesOptions {
  /** The person's own views, in place of ours. */
  readonly views?: Views
  /** The language of our pages. Default `en`. */
  readonly language?: Language
  /** What the server calls itself, above every page and in the tab: a product's name or the host. Default: nothing. */
  readonly name?: string
}

/** The pages of a server. */
export interface Pages {
  /** The whole document: the person's own view where there is one, else ours. What their view throws comes through. */
  render<Name extends keyof ViewProps>(name: Name, props: ViewProps[Name]): Promise<string>
  /** The headers that the page must travel with; `formTargets` as in `pageHeaders`. Throws `server_error` as it does. */
  headers(name: keyof ViewProps, formTargets?: readonly string[]): Record<string, string>
}

type OurPages = { readonly [Name in keyof ViewProps]: (props: ViewProps[Name], site: Site) => Html }

const OURS: OurPages = {
  signIn: signInPage,
  consent: consentPage,
  error: errorPage,
  signOut: signOutPage,
  signedOut: signedOutPage,
  signedIn: signedInPage,
  personalTokens: personalTokensPage,
  newPersonalToken: newPersonalTokenPage,
  deviceCode: deviceCodePage,
  deviceConsent: deviceConsentPage,
  deviceDone: deviceDonePage,
}

/** The scripts of our pages, by their hashes. Without them the pages work as well. */
const SCRIPTS: { readonly [Name in keyof ViewProps]?: readonly string[] } = {
  newPersonalToken: [COPY_SOURCE],
}

/** Makes the pages of a server from its settings. */
export function createPages({ views = {}, language = 'en', name }: PagesOptions = {}): Pages {
  const site: Site = { messages: LANGUAGES[language], ...(name === undefined ? {} : { name }) }
  return {
    render: async (page, props) => views[page]?.(props) ?? OURS[page](props, site).markup,
    headers: (page, formTargets = []) =>
      pageHeaders({ formTargets, scripts: SCRIPTS[page] ?? [], isReplaced: views[page] !== undefined }),
  }
}
