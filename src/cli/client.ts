import { registerClient } from '../clients/register.ts'
import { rotateSecret, type SecretRotation } from '../clients/rotate-secret.ts'
import { updateClient } from '../clients/update.ts'
import { systemClock } from '../lib/clock.ts'
import { EVERY_SCOPE, parseScope } from '../model/scope.ts'
import type { Client } from '../model/client.ts'
import { clientJson, clientLines, clientTable } from './client-view.ts'
import { CommandError, UsageError } from './errors.ts'
import { isInteractive } from './interactive.ts'
import { listAll, notFound } from './listing.ts'
import { bold, print, printJson } from './output.ts'
import { registrationOf, type NewClient } from './client-flags.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of the commands that look at clients. */
export interface ClientOptions {
  readonly json?: boolean
}

/** The flags of `consulate client update`; each replaces all that was there before. */
export interface UpdateOptions extends ClientOptions {
  readonly name?: string
  readonly redirectUri?: readonly string[]
  readonly grant?: readonly string[]
  readonly scope?: readonly string[]
}

/** The flags of `consulate client rotate-secret`. */
export interface RotateOptions extends ClientOptions, SecretRotation {}

/** `consulate client`: registers a client. Its secret is told this once. */
export async function createClient(options: NewClient): Promise<void> {
  const registration = await registrationOf(options)
  await withProject(async (project) => {
    await requireInstalled(project)
    checkScopes(project, registration.scopes ?? [])
    const provider = await chooseProvider(project, options)
    const { store } = project
    const { client, secret } = await registerClient(store.clients, systemClock, { ...registration, provider })
    warnOfGrants(project, client)
    if (options.json) return printJson({ ...clientJson(client), ...(secret && { client_secret: secret }) })
    print(...clientLines(client), ...secretLines(secret))
  })
}

/** `consulate client list`: every client, revoked ones too. */
export const listClients = ({ json = false }: ClientOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const { store } = project
    const clients = await listAll((page) => store.clients.list(page))
    if (json) return printJson(clients.map(clientJson))
    if (clients.length === 0) return print('There are no clients. `consulate client` registers one.')
    print(...clientTable(clients))
  })

/** `consulate client show`: what is known of a client; its secret is not. */
export const showClient = (id: string, { json = false }: ClientOptions): Promise<void> =>
  withProject(async (project) => {
    const client = await findClient(project, id)
    if (json) return printJson(clientJson(client))
    print(...clientLines(client))
  })

/** `consulate client update`: what no flag names stays as it is. */
export const changeClientRecord = (id: string, { json = false, ...flags }: UpdateOptions): Promise<void> =>
  withProject(async (project) => {
    const { name, redirectUri: redirectUris, grant: grantTypes } = flags
    const scopes = flags.scope?.flatMap(parseScope)
    if (Object.keys(flags).length === 0) throw new UsageError('say what to change: see --help')
    await findClient(project, id)
    checkScopes(project, scopes ?? [])
    const client = await updateClient(project.store.clients, id, {
      ...(name !== undefined && { name }),
      ...(redirectUris && { redirectUris }),
      ...(grantTypes && { grantTypes }),
      ...(scopes && { scopes }),
    })
    if (!client) throw notFound('client', id)
    warnOfGrants(project, client)
    if (json) return printJson(clientJson(client))
    print(...clientLines(client))
  })

/** `consulate client revoke`: ends a client and its tokens, on every running node. Doing it again is harmless. */
export const revokeClient = (id: string, { json = false }: ClientOptions): Promise<void> =>
  withProject(async (project) => {
    await findClient(project, id)
    await project.store.revocations.revoke({ kind: 'client', id }, systemClock.now())
    if (json) return printJson(clientJson(await findClient(project, id)))
    print(`${id} is revoked. What it was given ends within the time that servers poll in: a second.`)
  })

/** `consulate client rotate-secret`: the new secret is told this once; those before work until the overlap is over. */
export const rotateClientSecret = (id: string, { json = false, ...rotation }: RotateOptions): Promise<void> =>
  withProject(async (project) => {
    await findClient(project, id)
    const rotated = await rotateSecret(project.store.clients, systemClock, id, rotation)
    if (!rotated) throw notFound('client', id)
    const { client, secret, oldSecretsExpireAt } = rotated
    const isOver = client.secrets.length === 1
    const end = new Date(oldSecretsExpireAt).toISOString()
    if (json) {
      const old = { old_secret_expires_at: isOver ? null : end }
      return printJson({ ...clientJson(client), client_secret: secret, ...old })
    }
    print(...clientLines(client), ...secretLines(secret))
    print(isOver ? '  The secret before is over within a second.' : `  The secret before works until ${end}.`)
  })

async function findClient(project: Project, id: string): Promise<Client> {
  await requireInstalled(project)
  const client = await project.store.clients.find(id)
  if (!client) throw notFound('client', id)
  return client
}

/** Only where the scopes are known: a typing error would otherwise be found by the client's first request. */
function checkScopes({ scopes, source }: Project, wanted: readonly string[]): void {
  const unknown = wanted.filter((scope) => scope !== EVERY_SCOPE && scopes?.has(scope) === false)
  if (unknown.length > 0) throw new CommandError(`${source} defines no scope ${unknown.join(', ')}`)
}

/** Whose people it signs in: what the flag says, the only provider that there is, or what is answered on a terminal. */
async function chooseProvider(
  { source, provider, providers }: Project,
  { client, service, ...flags }: NewClient,
): Promise<string> {
  const named = flags.provider
  if (named !== undefined && !providers.includes(named)) {
    throw new CommandError(`${source} has no provider ${named}: there is ${providers.join(', ')}`)
  }
  const isNobodyAsked = providers.length === 1 || client || service || !isInteractive(flags)
  if (named !== undefined || isNobodyAsked) return named ?? provider
  const { askChoice } = await import('./prompts.ts')
  const choices = providers.map((name) => ({ value: name, label: name, hint: '' }))
  return askChoice('Whose people does it sign in?', choices)
}

/** On standard error, because scripts read the other: a client can be registered before its grant is listed. */
function warnOfGrants({ source, grants }: Project, { grantTypes }: Client): void {
  const missing = grantTypes.filter((type) => type !== 'refresh_token' && !grants.has(type))
  if (missing.length === 0) return
  process.stderr.write(`It cannot use ${missing.join(', ')} yet: ${source} does not list that grant.\n`)
}

const secretLines = (secret: string | undefined): readonly string[] =>
  secret === undefined
    ? []
    : [
        '',
        `  client_secret  ${bold(secret)}`,
        '  Keep it now: it is not shown again, and only its hash is stored.',
      ]
