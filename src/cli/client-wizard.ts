import type { ClientRegistration } from '../clients/registration.ts'
import { registrationProblems } from '../clients/validation.ts'
import { describeInEnglish } from '../config/scopes.ts'
import { parseScope, isScopeToken } from '../model/scope.ts'
import { hasRedirect, toRegistration, type CreateFlags } from './client-flags.ts'
import { splitRedirectUris } from './commands/flags.ts'
import type { Project } from './project.ts'
import { askText, choose, chooseMany, type Choice } from './prompts.ts'

const KINDS = [
  { value: 'web', label: 'Web application', hint: 'its server keeps a secret' },
  { value: 'public', label: 'Single-page or mobile app', hint: 'no secret, uses PKCE' },
  { value: 'machine', label: 'Machine', hint: 'calls APIs as itself, without a user' },
  { value: 'device', label: 'Device', hint: 'TV or command-line tool, shows a code' },
  { value: 'service', label: 'Service', hint: 'API that checks tokens, gets none' },
  { value: 'password', label: 'Legacy: app with its own sign-in form', hint: 'sees passwords' },
  { value: 'implicit', label: 'Legacy: app that receives tokens in its URL', hint: 'leaks tokens' },
] as const satisfies readonly Choice<string>[]

/** Asks for what the flags leave out. Each answer is checked when it is given. */
export async function askForClient(project: Project, flags: CreateFlags): Promise<CreateFlags> {
  const name = flags.name ?? (await askName())
  const kind = hasKind(flags) ? {} : { [await choose('Application type', KINDS)]: true }
  const client: CreateFlags = { ...flags, ...kind, name }
  if (client.service) return { ...client, ...(await askCheck(client)) }
  const thirdParty = needsMaker(client) && (await askMaker()) === 'others'
  const redirectUri = client.redirectUri ?? (hasRedirect(client) ? await askRedirectUris(client) : [])
  const scope = client.scope ?? (await askScopes(project, { ...client, ...(thirdParty && { thirdParty }) }))
  return { ...client, ...(thirdParty && { thirdParty }), redirectUri, scope }
}

const CHECKS = [
  { value: 'guard', label: "With Consulate's guard", hint: 'follows revocations' },
  { value: 'introspection', label: 'By introspection', hint: 'any language, asks this server' },
] as const satisfies readonly Choice<string>[]

/** Asks what the service may do, unless the flags say it. */
async function askCheck({ introspect, followRevocations }: CreateFlags): Promise<Partial<CreateFlags>> {
  if (introspect !== undefined || followRevocations !== undefined) return {}
  return { introspect: (await choose('How does it check tokens?', CHECKS)) === 'introspection' }
}

const MAKERS = [
  { value: 'us', label: 'We did', hint: 'first-party: signing out of a device ends it there' },
  { value: 'others', label: 'Someone else', hint: 'third-party: asks for consent, stays connected' },
] as const satisfies readonly Choice<string>[]

const askMaker = (): Promise<(typeof MAKERS)[number]['value']> => choose('Who made this app?', MAKERS)

/** A machine has no users, and only your own apps may see passwords or skip consent. */
const needsMaker = ({ machine, password, thirdParty, owner, skipConsent }: CreateFlags): boolean =>
  !(machine || password || thirdParty || skipConsent) && owner === undefined

/** Asks for the user provider, if there are several to choose from. */
export const askProvider = (providers: readonly string[]): Promise<string> =>
  choose(
    'User provider',
    providers.map((name) => ({ value: name, label: name })),
  )

const hasKind = (flags: CreateFlags): boolean =>
  KINDS.some(({ value }) => value !== 'web' && flags[value]) || flags.redirectUri !== undefined

const askName = (): Promise<string> =>
  askText('Name (shown on the consent page)', (name) => problemOf({ name }, 'name'))

async function askRedirectUris(client: CreateFlags): Promise<readonly string[]> {
  const answer = await askText('Redirect URI (separate several with commas)', (text) => {
    const redirectUri = splitRedirectUris(text)
    return redirectUri.length === 0
      ? 'Enter at least one redirect URI.'
      : problemOf(toRegistration({ ...client, redirectUri }), 'redirectUris')
  })
  return splitRedirectUris(answer)
}

async function askScopes(
  { scopes, firstPartyScopes, config }: Project,
  client: CreateFlags,
): Promise<readonly string[]> {
  const none = client.machine ? 'none' : 'all'
  if (scopes === undefined) {
    const question = `Scopes (separate several with spaces; leave empty for ${none})`
    return parseScope(await askText(question, scopeProblem))
  }
  if (scopes.size === 0) return []
  const isTheirs = client.thirdParty === true || client.owner !== undefined
  const choices = Object.entries(config.scopes)
    .filter(([value]) => !isTheirs || !firstPartyScopes.has(value))
    .map(([value, scope]) => ({ value, label: value, hint: describeInEnglish(scope) }))
  return chooseMany(`Scopes (select nothing for ${none})`, choices)
}

function scopeProblem(text: string): string | undefined {
  const wrong = parseScope(text).find((scope) => !isScopeToken(scope))
  return wrong === undefined ? undefined : `${wrong} must be visible ASCII without " and \\.`
}

/** Returns the first problem of a registration in one of its fields. */
function problemOf(registration: ClientRegistration, field: keyof ClientRegistration): string | undefined {
  const problem = registrationProblems(registration).find(({ path }) => path.replace(/\[.*/, '') === field)
  if (problem === undefined) return undefined
  const index = /\[(\d+)\]/.exec(problem.path)?.[1]
  const subject = index === undefined ? 'It' : registration.redirectUris?.[Number(index)]
  return `${subject} ${problem.message}.`
}
