import { posix } from 'node:path'
import { code, membersOf, table, type Member } from './members.ts'

/** Sources by path. */
type Files = Readonly<Record<string, string>>

/** A member, and the file that declares it. */
interface LocatedMember extends Member {
  readonly file: string
}

interface Option extends LocatedMember {
  /** As in the `path` of a `ConfigError`: `pages.name`. */
  readonly path: string
}

const CONFIG = 'src/config/config.ts'

/** The guides of options, relative to docs/reference. */
const GUIDES: Readonly<Record<string, string>> = {
  store: 'store.md',
  users: '../guides/own-users.md',
  scopes: '#scopes',
  scopeInheritance: '../guides/scopes.md#inheritance',
  resources: '../guides/protect-an-api.md#several-apis',
  clients: '#declared-clients',
  accessTokenLifetime: 'tokens.md#lifetimes',
  clientFields: '../guides/register-clients.md#your-own-fields',
  tokenClaims: '../guides/customize-tokens.md#claims',
  tokenResponse: '../guides/customize-tokens.md#the-response',
  personalTokens: '../guides/personal-access-tokens.md',
  passport: '../guides/from-passport.md#import',
  userApps: '../guides/user-apps.md',
  accountPages: '../guides/account-pages.md',
  locate: '../guides/account-pages.md#places',
  skipsConsent: '../guides/consent.md#skip-the-consent-page',
  partialConsent: '../guides/consent.md#let-users-grant-less',
  providers: '../guides/several-providers.md',
  sessionLifetime: '../guides/your-own-sign-in.md',
  apiCookie: '../guides/single-page-app-with-cookies.md',
  passwordReset: '../guides/passwords.md#forgotten-passwords',
  reauthenticateAfter: '../guides/passwords.md#entering-the-password-again',
  returnOrigins: '../guides/sign-out-and-revocation.md#signing-out',
  trustedProxies: '../guides/behind-a-proxy.md',
  throttle: '../guides/several-nodes.md#what-nodes-count-together',
  broadcast: '../guides/several-nodes.md',
  appSession: '../guides/your-own-sign-in.md#your-apps-session',
  'revocations.strict': '../guides/protect-an-api.md#strict-routes',
  pages: '../guides/own-pages.md',
  'pages.views': '../guides/own-pages.md#your-own-pages',
  'pages.languages': '../guides/translate-the-pages.md',
  'pages.messages': '../guides/translate-the-pages.md#add-a-language',
  audit: '../guides/purging.md#why-a-request-was-refused',
  purge: '../guides/purging.md',
}

/** Returns the tables of the required and the optional options. */
export function configurationTables(
  files: Files,
): Readonly<Record<'required' | 'users' | 'optional', string>> {
  const options = allMembersOf(files, CONFIG, 'Config')
  const required = options.filter(({ isOptional }) => !isOptional)
  const optional = options.filter(({ isOptional }) => isOptional)
  return {
    required: table(
      ['option', 'description'],
      required.map((option) => [code(option.name), describe(option.name, option.doc.join(' '))]),
    ),
    users: table(['member', 'default', 'description'], userMembers(files).map(row)),
    optional: table(
      ['option', 'default', 'description'],
      optional.flatMap((option) => withNested(files, { ...option, path: option.name })).map(row),
    ),
  }
}

const PROVIDER = 'src/users/provider.ts'

/** Returns the members of a user provider. */
function userMembers(files: Files): readonly Option[] {
  const members = (name: string, prefix = ''): readonly Option[] =>
    membersAt(files, PROVIDER, name).map((member) => ({ ...member, path: prefix + member.name }))
  const [appSession] = membersAt(files, PROVIDER, 'UserProvider')
  return [
    ...members('UserSource'),
    ...members('PasswordFunctions'),
    ...(appSession ? [{ ...appSession, path: appSession.name }] : []),
    ...members('AppSession', 'appSession.'),
  ]
}

/** Returns an option, followed by those of its own type if that is an interface of options. */
function withNested(files: Files, option: Option): readonly Option[] {
  const [, type = ''] = /\b(\w+(?:Config|Options|Links))\b/.exec(option.type) ?? []
  const path = option.type.endsWith('[]') ? `${option.path}[]` : option.path
  const nested = type === '' ? [] : allMembersOf(files, option.file, type)
  return [
    option,
    ...nested.flatMap((member) => withNested(files, { ...member, path: `${path}.${member.name}` })),
  ]
}

/** Returns the file that declares an interface: this one, or one that it imports it from. */
function fileOf(files: Files, file: string, name: string): string | undefined {
  const source = files[file] ?? ''
  if (new RegExp(`interface ${name}\\b`).test(source)) return file
  const [, path] =
    new RegExp(`import (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(source) ?? []
  return path === undefined ? undefined : fileOf(files, posix.join(posix.dirname(file), path), name)
}

/** Returns the members of an interface that a file declares or imports, and of those that it extends. */
function allMembersOf(files: Files, from: string, name: string): readonly LocatedMember[] {
  const file = fileOf(files, from, name)
  if (file === undefined) return []
  const source = files[file] ?? ''
  const [, bases = ''] = new RegExp(`interface ${name}\\b([^{]*)\\{`).exec(source) ?? []
  const inherited = [...bases.matchAll(/\w+(?:Config|Options)\b/g)].flatMap(([base]) =>
    allMembersOf(files, file, base),
  )
  const members = [...membersAt(files, file, name), ...inherited]
  return [...new Map(members.toReversed().map((member) => [member.name, member])).values()].toReversed()
}

const membersAt = (files: Files, file: string, name: string): readonly LocatedMember[] =>
  membersOf(files[file] ?? '', name).map((member) => ({ ...member, file }))

function row({ path, doc, isOptional }: Option): readonly string[] {
  const { text, fallback } = splitDefault(doc.join(' '))
  return [code(path), isOptional ? fallback : 'required', describe(path, text)]
}

const describe = (path: string, text: string): string => {
  const guide = GUIDES[path]
  return guide === undefined ? text : `${text} [More](${guide})`
}

/** A sentence such as "Default: none." or "Default `'15m'`." */
const DEFAULT = / ?\bDefault:? (?<value>(?:`[^`]*`|[^.`]|\.(?=\S))*)\.(?= |$)/

function splitDefault(text: string): { readonly text: string; readonly fallback: string } {
  const fallback = DEFAULT.exec(text)?.groups?.['value'] ?? ''
  return { text: text.replace(DEFAULT, ''), fallback }
}
