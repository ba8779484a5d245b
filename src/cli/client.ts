import { createClientRegistry, type ClientRegistry } from '../clients/registry.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import type { SecretRotation } from '../clients/rotate-secret.ts'
import { systemClock } from '../lib/clock.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import { subjectOf } from '../model/subject.ts'
import {
  checkProvider,
  checkScopes,
  hasRedirect,
  toRegistration,
  toUpdate,
  withFlagNames,
  type CreateFlags,
  type UpdateFlags,
} from './client-flags.ts'
import { readFieldFlags } from './client-field-flags.ts'
import { clientLines, clientJson, clientTable, declarationOf } from './client-view.ts'
import { CommandError, UsageError } from './errors.ts'
import { confirmOrCancel, isInteractive, requireConfirmable, requireFlag } from './interactive.ts'
import type { InteractiveOptions } from './interactive.ts'
import { listAll, notFound } from './listing.ts'
import { bold, print, printableLine, printJson, timestamp, yellow } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'
import { requireUser, resolveUser } from './user-lookup.ts'

/** The flags of the commands that show clients. */
export interface ClientOptions {
  readonly json?: boolean
}

/** The flags of `consulate client list`. */
export interface ListClientsOptions extends ClientOptions {
  readonly owner?: string
}

/** The flags of `consulate client rotate-secret`. */
export interface RotateOptions extends ClientOptions, SecretRotation {}

/** `consulate client create`: registers a client. Its secret is shown only here. */
export async function createClient(flags: CreateFlags): Promise<void> {
  requireFlag(flags.name, '--name', flags)
  const needsUri = hasRedirect(flags)
  if (needsUri) requireFlag(flags.redirectUri, '--redirect-uri', flags)
  const isComplete = flags.name !== undefined && (!needsUri || flags.redirectUri !== undefined)
  await withProject(async (project) => {
    await requireInstalled(project)
    const registration = await readRegistration(project, isComplete ? flags : await askFor(project, flags))
    const { client, secret } = await withFlagNames(registration, () =>
      registryOf(project).create(registration, COMMAND_LINE),
    )
    warnOfDisabledGrants(project, client)
    if (flags.json)
      return printJson({ ...clientJson(client, project), ...(secret && { client_secret: secret }) })
    print(`Created ${describeClient(client)}.`, ...clientLines(client, project), ...secretLines(secret))
  })
}

/** `consulate client list`: lists all clients, or those of an owner, revoked ones too. */
export const listClients = ({ owner, json = false }: ListClientsOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const owned =
      owner === undefined ? {} : { ownerId: subjectOf(await resolveUser(project, owner), project.provider) }
    const clients = await listAll((page) => project.store.clients.list({ ...page, ...owned }))
    if (json) return printJson(clients.map((client) => clientJson(client, project)))
    if (clients.length === 0) return print(owner === undefined ? NO_CLIENTS : NO_OWN_APPS)
    print(...clientTable(clients, project))
  })

/** `consulate client show`: shows a client, without its secret. */
export const showClient = (id: string, { json = false }: ClientOptions): Promise<void> =>
  withProject(async (project) => {
    const client = await findClient(project, id)
    if (json) return printJson(clientJson(client, project))
    print(...clientLines(client, project))
  })

/** `consulate client update`: changes what the flags name. */
export const changeClient = (
  id: string,
  { json = false, field = [], ...flags }: UpdateFlags,
): Promise<void> =>
  withProject(async (project) => {
    const changes = toUpdate(flags)
    if (Object.keys(changes).length + field.length === 0)
      throw new UsageError('Nothing to change. Run `consulate client update --help` for the flags.')
    const current = await findClient(project, id)
    if (declarationOf(project, current)) throw declaredError(project, current)
    if (current.revokedAt !== null) throw new CommandError('A revoked client cannot be changed.')
    checkScopes(project, changes.scopes ?? [], !isFirstParty(current))
    const update = { ...changes, ...fieldsOf(project, field, current.fields) }
    const client = await withFlagNames(update, () => registryOf(project).update(id, update, COMMAND_LINE))
    if (!client) throw notFound('client', id)
    warnOfDisabledGrants(project, client)
    if (json) return printJson(clientJson(client, project))
    print(`Updated ${describeClient(client)}.`, ...clientLines(client, project))
  })

/** `consulate client revoke`: revokes a client and its tokens, on every running server. Revoking it again is harmless. */
export async function revokeClient(id: string, options: InteractiveOptions): Promise<void> {
  requireConfirmable(options)
  await withProject(async (project) => {
    const client = await findClient(project, id)
    await confirmOrCancel(options, `Revoke ${describeClient(client)}? This cannot be undone.`)
    await registryOf(project).revoke(id, COMMAND_LINE)
    warnIfDeclared(project, client)
    if (options.json) return printJson(clientJson(await findClient(project, id), project))
    print(`Revoked ${describeClient(client)}. Its tokens stop working within 1 second.`)
  })
}

/** `consulate client rotate-secret`: creates a new secret, shown only here. The old ones work until the overlap is over. */
export const rotateClientSecret = (id: string, { json = false, ...rotation }: RotateOptions): Promise<void> =>
  withProject(async (project) => {
    const current = await findClient(project, id)
    const { type, revokedAt } = current
    if (type === 'public') throw new CommandError('A public client has no secret.')
    if (revokedAt !== null) throw new CommandError('The secret of a revoked client cannot be rotated.')
    if (declarationOf(project, current)?.client.secrets[0]) throw declaredError(project, current)
    const rotated = await registryOf(project).rotateSecret(id, rotation, COMMAND_LINE)
    if (!rotated) throw notFound('client', id)
    const { client, secret, oldSecretsExpireAt } = rotated
    const hasExpired = client.secrets.length === 1
    if (json) {
      const expiresAt = hasExpired ? null : new Date(oldSecretsExpireAt).toISOString()
      return printJson({
        ...clientJson(client, project),
        client_secret: secret,
        old_secret_expires_at: expiresAt,
      })
    }
    const end = hasExpired ? 'stops working within 1 second' : `works until ${timestamp(oldSecretsExpireAt)}`
    print(
      `Rotated the secret of ${describeClient(client)}.`,
      ...secretLines(secret),
      `The old secret ${end}.`,
    )
  })

const NO_CLIENTS = 'No clients yet. Create one with `consulate client create`.'
const NO_OWN_APPS = 'This user has registered no apps.'

const COMMAND_LINE = { by: 'command_line' } as const

const registryOf = ({ store, activity, clientFields }: Project): ClientRegistry =>
  createClientRegistry({
    store: store.clients,
    clock: systemClock,
    events: activity.events,
    fields: clientFields,
    revoke: activity.revoker.revoke,
  })

/** Returns the error for a change that the next start would undo. */
const declaredError = ({ source }: Project, client: Client): CommandError =>
  new CommandError(
    `The ${describeClient(client)} is declared in ${source}. Change it there, then restart the server.`,
  )

function warnIfDeclared(project: Project, client: Client): void {
  if (!declarationOf(project, client)) return
  const text = `Warning: the client is still declared in ${project.source}, but stays revoked. Remove it there too.`
  process.stderr.write(`${yellow(text, process.stderr)}\n`)
}

const describeClient = ({ name }: Client): string => `client "${printableLine(name)}"`

async function findClient(project: Project, id: string): Promise<Client> {
  await requireInstalled(project)
  const client = await project.store.clients.find(id)
  if (client) return client
  const isDeclared = project.declaredClients.some((declared) => declared.client.id === id)
  throw isDeclared ? notCreated(project, id) : notFound('client', id)
}

const notCreated = ({ source }: Project, id: string): CommandError =>
  new CommandError(`The client "${id}" is declared in ${source}, and is created when the server starts.`)

async function askFor(project: Project, flags: CreateFlags): Promise<CreateFlags> {
  const { askForClient } = await import('./client-wizard.ts')
  return askForClient(project, flags)
}

async function readRegistration(project: Project, flags: CreateFlags): Promise<ClientRegistration> {
  const registration = toRegistration(flags)
  const isTheirs = registration.isThirdParty === true || flags.owner !== undefined
  checkScopes(project, registration.scopes ?? [], isTheirs)
  checkProvider(project, flags.provider)
  const owner = flags.owner === undefined ? undefined : await requireUser(project, flags.owner)
  const provider = flags.provider ?? (await chooseProvider(project, flags))
  return {
    ...registration,
    ...fieldsOf(project, flags.field ?? [], {}),
    provider,
    ...(owner && { ownerId: subjectOf(owner, project.provider) }),
  }
}

const fieldsOf = ({ clientFields }: Project, flags: readonly string[], stored: Client['fields']) =>
  flags.length > 0 ? { fields: readFieldFlags(flags, stored, clientFields) } : {}

/** Asks whose users sign in to the client, if users do and there are several providers. The default is the first. */
async function chooseProvider({ provider, providers }: Project, flags: CreateFlags): Promise<string> {
  if (providers.length === 1 || flags.machine || flags.service || !isInteractive(flags)) return provider
  const { askProvider } = await import('./client-wizard.ts')
  return askProvider(providers)
}

/** A client can be registered before its grant is enabled. Scripts read standard output, so this is on standard error. */
function warnOfDisabledGrants({ source, grants }: Project, { grantTypes }: Client): void {
  const disabled = grantTypes.filter((type) => type !== 'refresh_token' && !grants.has(type))
  if (disabled.length === 0) return
  const text = `Warning: the client cannot use ${disabled.join(', ')} until ${source} enables it.`
  process.stderr.write(`${yellow(text, process.stderr)}\n`)
}

const secretLines = (secret: string | undefined): readonly string[] =>
  secret === undefined
    ? []
    : [
        '',
        `  Client secret  ${bold(secret)}`,
        '',
        'Copy the secret now. You will not be able to see it again.',
      ]
