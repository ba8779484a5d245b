import { createConnections, type ConnectedApp, type Connections } from '../clients/connections.ts'
import { systemClock } from '../lib/clock.ts'
import { formatScope } from '../model/scope.ts'
import { subjectOf, type UserRef } from '../model/subject.ts'
import { confirmOrCancel, requireConfirmable, type InteractiveOptions } from './interactive.ts'
import { notFound } from './listing.ts'
import { print, printableLine, printJson, relativeTime, table } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'
import { createUserNames, resolveUser } from './user-lookup.ts'

/** `consulate connection list`: lists the apps that have access to a user's account, last used first. */
export const listConnections = (who: string, { json = false }: { readonly json?: boolean }): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const apps = await openConnections(project).list(await resolveUser(project, who))
    if (json) printJson(apps.map(appJson))
    else print(...(apps.length > 0 ? appTable(apps) : ['No connected apps.']))
  })

/** `consulate connection disconnect`: disconnects an app from a user's account. Repeating it is harmless. */
export async function disconnectApp(
  who: string,
  clientId: string,
  options: InteractiveOptions,
): Promise<void> {
  requireConfirmable(options)
  await withProject(async (project) => {
    await requireInstalled(project)
    const user = await resolveUser(project, who)
    const client = await project.store.clients.find(clientId)
    if (!client) throw notFound('client', clientId)
    const [app, name] = [printableLine(client.name), printableLine(await createUserNames(project)(user))]
    await confirmOrCancel(options, `Disconnect ${app} from ${name}?`)
    const wasConnected = await openConnections(project).disconnect(user, clientId, { by: 'command_line' })
    const sub = subjectOf(user, project.provider)
    if (options.json) return printJson({ client_id: clientId, sub, disconnected: wasConnected })
    print(
      wasConnected
        ? `Disconnected ${app} from ${name}. Its tokens stop working within 1 second.`
        : `${app} is not connected to ${name}. Nothing was changed.`,
    )
  })
}

/** Servers learn of a disconnect from the store, so nothing is announced here. */
function openConnections({
  store,
  config,
  activity,
  provider,
}: Project): Pick<Connections, 'list' | 'disconnect'> {
  return createConnections({
    store,
    clock: systemClock,
    audience: config.audience ?? config.issuer,
    revoker: activity.revoker,
    subjectOf: (user: UserRef) => subjectOf(user, provider),
  })
}

const appJson = (app: ConnectedApp): Readonly<Record<string, unknown>> => ({
  client_id: app.client.id,
  client_name: app.client.name,
  third_party: app.client.isThirdParty,
  scope: formatScope(app.scopes),
  resources: app.resources,
  authorizations: app.authorizations,
  connected_at: new Date(app.connectedAt).toISOString(),
  last_used_at: app.lastUsedAt === null ? null : new Date(app.lastUsedAt).toISOString(),
})

const appTable = (apps: readonly ConnectedApp[]): readonly string[] =>
  table(
    ['Client ID', 'App', 'Third-party', 'Scopes', 'Connected', 'Last used'],
    apps.map((app) => [
      app.client.id,
      app.client.name,
      app.client.isThirdParty ? 'yes' : 'no',
      formatScope(app.scopes) || 'none',
      relativeTime(app.connectedAt),
      app.lastUsedAt === null ? 'not recently' : relativeTime(app.lastUsedAt),
    ]),
  )
