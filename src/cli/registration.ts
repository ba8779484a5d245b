import type { ClientRegistration } from '../clients/register.ts'
import { parseScope } from '../model/scope.ts'
import { UsageError } from './failure.ts'
import { canAsk } from './interactive.ts'

/** The flags of `consulate client`. */
export interface NewClient {
  readonly name?: string
  /** An app that can keep no secret. */
  readonly public?: boolean
  /** A machine that acts for itself. */
  readonly client?: boolean
  /** Another service, whose guard follows the revocations. */
  readonly service?: boolean
  readonly redirectUri?: readonly string[]
  readonly scope?: readonly string[]
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
  } = isComplete(flags) || !canAsk(flags) ? flags : await askFor(flags)
  if (name === undefined) throw new UsageError('without a terminal to ask on, --name is needed')
  if (kind.service) return { name, followsRevocations: true }
  if (isMachine && redirectUri.length > 0) {
    throw new UsageError('--client and --redirect-uri do not go together: nobody is sent back to a machine')
  }
  if (!isMachine && redirectUri.length === 0) {
    throw new UsageError('--redirect-uri is needed; a machine that acts for itself has --client instead')
  }
  const scopes = scope.flatMap(parseScope)
  return {
    name,
    type: kind.public ? 'public' : 'confidential',
    redirectUris: redirectUri,
    ...(scopes.length > 0 && { scopes }),
  }
}

const isComplete = ({ name, client, service, redirectUri }: NewClient): boolean =>
  name !== undefined && (client || service || redirectUri !== undefined)

const KINDS = [
  { value: 'web', label: 'A web application', hint: 'its server keeps a secret' },
  { value: 'public', label: 'An app in a browser or on a device', hint: 'no secret, but PKCE' },
  { value: 'client', label: 'A machine that acts for itself', hint: 'client credentials' },
  { value: 'service', label: 'Another service', hint: 'its guard follows the revocations' },
] as const

async function askFor(flags: NewClient): Promise<NewClient> {
  const { askChoice, askText } = await import('./ask.ts')
  const name = flags.name ?? (await askText('What is the client called?'))
  const isKind = flags.public || flags.client || flags.service || flags.redirectUri
  const kind = isKind ? {} : { [await askChoice('What is it?', KINDS)]: true }
  const client: NewClient = { ...flags, ...kind, name }
  if (client.service) return client
  const uri = 'Where do people come back to (redirect URI)?'
  const redirectUri = client.redirectUri ?? (client.client ? [] : [await askText(uri)])
  const scope = client.scope ?? [await askText('Which scopes, with spaces between?', true)]
  return { ...client, redirectUri, scope }
}
