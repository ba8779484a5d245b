import type { OptionNames, Validator } from '../lib/validator.ts'
import { isHttpsUrl, isImageAddress, isPath } from '../lib/web-address.ts'
import { isHexColor } from '../pages/color.ts'
import type { ViewProps } from '../pages/props.ts'
import { createPages, type Pages, type PagesOptions } from '../pages/render.ts'
import type { PageLinks } from '../pages/site.ts'
import type { OwnView, OwnViews } from '../pages/view.ts'
import type { BaseUser } from '../users/provider.ts'
import { languageProblems } from './languages.ts'

/**
 * A page of your own: returns a whole HTML document, HTML with its policy, or a `Response`. You escape the props. Besides
 * those of the page, it receives the request, the user and more: see `ViewContext`.
 */
export type View<Name extends keyof ViewProps, User extends BaseUser = BaseUser> = OwnView<Name, User>

/** Your own pages. The others are built in. */
export type Views<User extends BaseUser = BaseUser> = OwnViews<User>

/** The look of the server's own pages. */
export interface PagesConfig<User extends BaseUser = BaseUser> extends Omit<PagesOptions<User>, 'name'> {
  /** The name of the server, at the top of each page. Default: the issuer's host. */
  readonly name?: string
}

/** Validates the options of the pages, and creates them. */
export function resolvePages(issuer: string, pages: PagesConfig = {}, validator: Validator): Pages {
  checkNames(pages, validator)
  const problems = isObject(pages) ? problemsOf(pages) : []
  for (const [option, message] of problems) validator.problem(`pages.${option}`, message)
  const isUsable = isObject(pages) && problems.length === 0
  return createPages({ name: new URL(issuer).host, ...(isUsable && (pages as PagesOptions)) })
}

function checkNames(pages: PagesConfig, validator: Validator): void {
  validator.knownOptions('pages', pages, PAGES)
  validator.knownOptions('pages.links', pages?.links, LINKS)
  validator.knownOptions('pages.views', pages?.views, VIEWS)
}

type Problem = readonly [option: string, message: string]

function problemsOf({
  name,
  logo,
  favicon,
  accent,
  language,
  languages,
  messages,
  links,
  views,
}: PagesConfig): readonly Problem[] {
  return [
    ...problemIf('name', name, isName, 'must be a string of 1 to 80 characters'),
    ...problemIf('logo', logo, isImageAddress, IMAGE_RULE),
    ...problemIf('favicon', favicon, isImageAddress, IMAGE_RULE),
    ...problemIf('accent', accent, isHexColor, "must be a hex color such as '#2457c5'"),
    ...languageProblems({ messages, languages, language }).map(({ path, message }): Problem => [
      path,
      message,
    ]),
    ...entriesOf(links).flatMap(([option, link]) => problemIf(`links.${option}`, link, isLink, LINK_RULE)),
    ...entriesOf(views)
      .filter(([, view]) => view !== undefined && typeof view !== 'function')
      .map(([option]): Problem => [`views.${option}`, 'must be a function']),
  ]
}

const problemIf = (
  option: string,
  value: unknown,
  isValid: (text: string) => boolean,
  message: string,
): readonly Problem[] =>
  value === undefined || (typeof value === 'string' && isValid(value)) ? [] : [[option, message]]

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isObject(value) ? Object.entries(value) : []

const isName = (text: string): boolean => text.trim() !== '' && text.length <= 80

const isLink = (text: string): boolean => isPath(text) || isHttpsUrl(text)

const IMAGE_RULE = 'must be a path on this server, such as /logo.svg, or a data: URI of an image'
const LINK_RULE = 'must be an https URL, or a path on this server such as /privacy'

const PAGES: OptionNames<PagesConfig> = {
  name: true,
  logo: true,
  accent: true,
  favicon: true,
  links: true,
  language: true,
  languages: true,
  messages: true,
  views: true,
}

const LINKS: OptionNames<PageLinks> = {
  privacy: true,
  terms: true,
  support: true,
  forgotPassword: true,
  signUp: true,
  account: true,
}

const VIEWS: OptionNames<ViewProps> = {
  signIn: true,
  signInAgain: true,
  consent: true,
  error: true,
  signOut: true,
  signedOut: true,
  signedIn: true,
  devices: true,
  signOutDevice: true,
  password: true,
  forgotPassword: true,
  forgotPasswordSent: true,
  resetPassword: true,
  invalidResetLink: true,
  passwordReset: true,
  personalTokens: true,
  revokePersonalToken: true,
  newPersonalToken: true,
  connectedApps: true,
  disconnectApp: true,
  deviceCode: true,
  deviceConsent: true,
  deviceDone: true,
  developerApps: true,
  registerApp: true,
  editApp: true,
  rotateAppSecret: true,
  appSecret: true,
  deleteApp: true,
}
