import { randomBase64url } from '../lib/hash.ts'
import type { Html } from '../lib/html.ts'
import { isImageAddress } from '../lib/web-address.ts'
import { connectedAppsPage, disconnectAppPage } from './account/connected-apps.ts'
import { consentPage } from './consent.ts'
import { appSecretPage, rotateAppSecretPage } from './developer/app-secret.ts'
import { deleteAppPage, developerAppsPage } from './developer/apps.ts'
import { deviceCodePage, deviceConsentPage, deviceDonePage } from './device.ts'
import { devicesPage, signOutDevicePage } from './account/devices.ts'
import { editAppPage } from './developer/edit-app.ts'
import { errorPage } from './error.ts'
import { imageSources, pageHeaders } from './headers.ts'
import { newPersonalTokenPage } from './account/new-personal-token.ts'
import { passwordPage } from './account/password.ts'
import {
  forgotPasswordPage,
  forgotPasswordSentPage,
  invalidResetLinkPage,
  passwordResetPage,
  resetPasswordPage,
} from './password-reset.ts'
import { personalTokensPage, revokePersonalTokenPage } from './account/personal-tokens.ts'
import { renderOwnPage, type RenderedPage } from './own-view.ts'
import type { ViewProps } from './props.ts'
import { registerAppPage } from './developer/register-app.ts'
import { COPY_SOURCE, LOGO_SOURCE, REVEAL_SOURCE } from './scripts.ts'
import { signInAgainPage } from './sign-in-again.ts'
import { signedInPage, signInPage } from './sign-in.ts'
import { signedOutPage, signOutPage } from './sign-out.ts'
import { createSites } from './site.ts'
import type { Site, SiteOptions } from './site.ts'
import type { OwnView, OwnViews, ViewContext } from './view.ts'

/** The look of a server's pages. */
export interface PagesOptions<User = unknown> extends SiteOptions {
  /** Pages of your own, in place of the built-in ones. */
  readonly views?: OwnViews<User>
}

/** The request that a page answers. */
export interface PageContext {
  /** Default 200. */
  readonly status?: number
  /** The language of the page. Default: `language`. */
  readonly language?: string
  /** The query of the page, for the links to other languages. Default: no links. */
  readonly query?: string | undefined
  /** Where its forms may redirect to besides this server; see `formTargetsOf`. Default: nowhere. */
  readonly formTargets?: readonly string[]
  /** Called for pages of your own only. */
  readonly viewContext?: () => Promise<Pick<ViewContext, 'request' | 'original' | 'user'>>
}

/** The pages of a server. */
export interface Pages {
  /** The language of requests that ask for none of the others. */
  readonly language: string
  /** The languages of the built-in pages. */
  readonly languages: readonly string[]
  /** Returns the first of these languages that the pages have, or else their own. */
  chooseLanguage(languages: readonly string[]): string
  /** Whether the app has any pages of its own. */
  readonly hasOwn: boolean
  /**
   * Renders a page, or returns where a page of your own redirects. Rejects with `ViewError` if a page of your own fails, and
   * with `server_error` for an invalid form target.
   */
  render<Name extends keyof ViewProps>(
    name: Name,
    props: ViewProps[Name],
    context?: PageContext,
  ): Promise<RenderedPage>
  /** Renders the built-in page, also if there is one of your own. */
  renderBuiltIn<Name extends keyof ViewProps>(
    name: Name,
    props: ViewProps[Name],
    context?: PageContext,
  ): RenderedPage
}

type BuiltInPages = { readonly [Name in keyof ViewProps]: (props: ViewProps[Name], site: Site) => Html }

const BUILT_IN: BuiltInPages = {
  signIn: signInPage,
  signInAgain: signInAgainPage,
  consent: consentPage,
  error: errorPage,
  signOut: signOutPage,
  signedOut: signedOutPage,
  signedIn: signedInPage,
  devices: devicesPage,
  signOutDevice: signOutDevicePage,
  password: passwordPage,
  forgotPassword: forgotPasswordPage,
  forgotPasswordSent: forgotPasswordSentPage,
  resetPassword: resetPasswordPage,
  invalidResetLink: invalidResetLinkPage,
  passwordReset: passwordResetPage,
  personalTokens: personalTokensPage,
  revokePersonalToken: revokePersonalTokenPage,
  newPersonalToken: newPersonalTokenPage,
  connectedApps: connectedAppsPage,
  disconnectApp: disconnectAppPage,
  deviceCode: deviceCodePage,
  deviceConsent: deviceConsentPage,
  deviceDone: deviceDonePage,
  developerApps: developerAppsPage,
  registerApp: registerAppPage,
  editApp: editAppPage,
  rotateAppSecret: rotateAppSecretPage,
  appSecret: appSecretPage,
  deleteApp: deleteAppPage,
}

/** The scripts of the built-in pages, as sources of a Content-Security-Policy. */
const SCRIPTS: { readonly [Name in keyof ViewProps]?: (props: ViewProps[Name]) => readonly string[] } = {
  signIn: () => [REVEAL_SOURCE],
  password: () => [REVEAL_SOURCE],
  resetPassword: () => [REVEAL_SOURCE],
  personalTokens: ({ asksPassword }) => (asksPassword ? [REVEAL_SOURCE] : []),
  newPersonalToken: () => [COPY_SOURCE],
  registerApp: ({ asksPassword }) => [LOGO_SOURCE, ...(asksPassword ? [REVEAL_SOURCE] : [])],
  editApp: ({ asksPassword }) => [COPY_SOURCE, LOGO_SOURCE, ...(asksPassword ? [REVEAL_SOURCE] : [])],
  rotateAppSecret: ({ asksPassword }) => (asksPassword ? [REVEAL_SOURCE] : []),
  appSecret: () => [COPY_SOURCE],
}

export function createPages({ views = {}, ...options }: PagesOptions): Pages {
  const sites = createSites(options)
  const { language } = sites
  const renderBuiltIn: Pages['renderBuiltIn'] = (name, props, context = {}) => {
    const { status = 200, formTargets = [], query } = context
    // An error page contains nothing of the request.
    const site = sites.in(context.language ?? language, name === 'error' ? undefined : query)
    const policy = {
      styles: [site.styleSource],
      scripts: SCRIPTS[name]?.(props) ?? [],
      images: images(site, props),
    }
    const body = BUILT_IN[name](props, site).markup
    const headers = { ...pageHeaders({ ...policy, formTargets }), 'Content-Language': site.messages.lang }
    return { status, headers, body }
  }
  return {
    language,
    languages: sites.languages,
    chooseLanguage: sites.choose,
    hasOwn: Object.values(views).some((view) => view !== undefined),
    renderBuiltIn,
    async render(name, props, context = {}) {
      const view = views[name]
      return view
        ? renderOwn(name, view, props, { language, ...context })
        : renderBuiltIn(name, props, context)
    },
  }
}

function renderOwn<Name extends keyof ViewProps>(
  name: Name,
  view: OwnView<Name>,
  props: ViewProps[Name],
  { status = 200, language, formTargets = [], viewContext }: PageContext & { readonly language: string },
): Promise<RenderedPage> {
  const nonce = randomBase64url(16)
  return renderOwnPage({ name, status, nonce, formTargets }, async () => {
    const context = (await viewContext?.()) ?? withoutRequest()
    return view({ ...props, ...context, language, nonce, formTargets })
  })
}

/** For pages that are rendered without a request, in tests. */
const withoutRequest = (): Pick<ViewContext, 'request' | 'original' | 'user'> => {
  const request = new Request('http://localhost/')
  return { request, original: request, user: undefined }
}

function images({ favicon, logo }: Site, props: ViewProps[keyof ViewProps]): readonly string[] {
  const shown = [favicon, logo, ...logosIn(props)].filter((image) => typeof image === 'string')
  // The form for an app shows the image that the user has just chosen.
  const chosen = 'values' in props && 'logo' in props.values ? ['data:'] : []
  return imageSources([...shown.filter(isImageAddress), ...chosen])
}

/** The logos of clients that a page shows. */
function logosIn(props: ViewProps[keyof ViewProps]): readonly unknown[] {
  const client = 'client' in props ? props.client : undefined
  return [
    ...(client && 'logo' in client ? [client.logo] : []),
    ...('app' in props ? [props.app.logo] : []),
    ...('apps' in props ? props.apps.map((app) => app.logo) : []),
  ]
}
