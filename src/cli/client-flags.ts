import type { ClientRegistration } from '../clients/registration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { parseScope } from '../model/scope.ts'
import { UsageError } from './errors.ts'
import { isInteractive } from './interactive.ts'

/** The flags of `consulate client`. */
export interface NewClient {
  readonly name?: string
  /** An app that can keep no secret. */
  readonly public?: boolean
  /** A machine that acts for itself. */
  readonly client?: boolean
  /** A device without a browser. */
  readonly device?: boolean
  /** An app with a sign-in form of its own. */
  readonly password?: boolean
  /** An app that gets tokens in its address. */
  readonly implicit?: boolean
  /** Another service, whose guard follows the revocations. */
  readonly service?: boolean
  readonly redirectUri?: readonly string[]
  readonly scope?: readonly string[]
  readonly provider?: string
  readonly json?: boolean
}

/**
 * The client that the flags describe; what they leave out is asked for on a terminal.
 *
 * @throws UsageError where something is missing and nobody is there to ask, or does not go together
 */
export async function registrationOf(flags: NewClient): Promise<ClientRegistration> {
  const {
    name,
    client: isMachine = false,
    redirectUri = [],
    scope = [],
    ...kind
  } = isComplete(flags) || !isInteractive(flags) ? flags : await askFor(flags)
  if (name === undefined) throw new UsageError('without a terminal to ask on, --name is needed')
  if (kind.service) return { name, followsRevocations: true }
  if (isMachine && redirectUri.length > 0) {
    throw new UsageError('--client and --redirect-uri do not go together: nobody is sent back to a machine')
  }
  if (!hasNoBrowser({ client: isMachine, ...kind }) && redirectUri.length === 0) {
    throw new UsageError('--redirect-uri is needed; a machine that acts for itself has --client instead')
  }
  const scopes = scope.flatMap(parseScope)
  const grantTypes = grantTypesOf(kind, redirectUri.length > 0)
  return {
    name,
    type: kind.public || kind.implicit ? 'public' : 'confidential',
    redirectUris: redirectUri,
    ...(grantTypes && { grantTypes }),
    ...(scopes.length > 0 && { scopes }),
  }
}

/** Undefined for what is registered without a word about its grants. Where people can come back to, codes are let in too. */
function grantTypesOf(
  { device, password, implicit }: NewClient,
  hasRedirect: boolean,
): readonly string[] | undefined {
  if (implicit) return ['implicit']
  const special = [...(device ? [DEVICE_GRANT] : []), ...(password ? ['password'] : [])]
  if (special.length === 0) return undefined
  return [...(hasRedirect ? ['authorization_code'] : []), ...special, 'refresh_token']
}

/** Nobody is sent back to these. */
const hasNoBrowser = ({ client, device, password }: NewClient): boolean =>
  Boolean(client || device || password)

const isComplete = (flags: NewClient): boolean =>
  flags.name !== undefined &&
  (hasNoBrowser(flags) || flags.service === true || flags.redirectUri !== undefined)

const KINDS = [
  { value: 'web', label: 'A web application', hint: 'its server keeps a secret' },
  { value: 'public', label: 'An app in a browser or on a device', hint: 'no secret, but PKCE' },
  { value: 'client', label: 'A machine that acts for itself', hint: 'client credentials' },
  { value: 'device', label: 'A device without a browser', hint: 'it shows a code' },
  { value: 'service', label: 'Another service', hint: 'its guard follows the revocations' },
  { value: 'password', label: 'Legacy: an app with a sign-in form of its own', hint: 'it sees passwords' },
  { value: 'implicit', label: 'Legacy: an app with tokens in its address', hint: 'they leak from there' },
] as const

async function askFor(flags: NewClient): Promise<NewClient> {
  const { askChoice, askText } = await import('./prompts.ts')
  const name = flags.name ?? (await askText('What is the client called?'))
  const isKind = KINDS.some(({ value }) => value !== 'web' && flags[value]) || flags.redirectUri
  const kind = isKind ? {} : { [await askChoice('What is it?', KINDS)]: true }
  const client: NewClient = { ...flags, ...kind, name }
  if (client.service) return client
  const uri = 'Where do people come back to (redirect URI)?'
  const redirectUri = client.redirectUri ?? (hasNoBrowser(client) ? [] : [await askText(uri)])
  const scope = client.scope ?? [await askText('Which scopes, with spaces between?', true)]
  return { ...client, redirectUri, scope }
}
