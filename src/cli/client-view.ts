import type { Client } from '../model/client.ts'
import { formatScope } from '../model/scope.ts'
import { dim, fields, table } from './output.ts'

/** A client for scripts, in the words of client registration (RFC 7591 section 2) where it has one. */
export const clientJson = (client: Client): Readonly<Record<string, unknown>> => ({
  client_id: client.id,
  client_name: client.name,
  type: client.type,
  redirect_uris: client.redirectUris,
  grant_types: client.grantTypes,
  scope: client.scopes && formatScope(client.scopes),
  provider: client.provider,
  ...(client.followsRevocations && { follows_revocations: true }),
  created_at: new Date(client.createdAt).toISOString(),
  revoked_at: client.revokedAt && new Date(client.revokedAt).toISOString(),
})

/** A client for people, a line for each thing that there is to know. */
export const clientLines = (client: Client): readonly string[] =>
  fields([
    ['client_id', client.id],
    ['name', client.name],
    ['type', client.type],
    ['grants', grantNames(client)],
    ...client.redirectUris.map((uri) => ['redirect', uri] as const),
    ['scopes', scopesOf(client)],
    ['people', client.provider],
    ['created', new Date(client.createdAt).toISOString()],
    ...(client.revokedAt === null ? [] : [['revoked', new Date(client.revokedAt).toISOString()] as const]),
  ])

/** Clients for people, a line for each; revoked ones are dim. */
export function clientTable(clients: readonly Client[]): readonly string[] {
  const rows = clients.map((client) => [
    client.id,
    client.name,
    client.type,
    client.provider,
    clientStatus(client),
  ])
  const style = (line: string, row: number): string => (clients[row]?.revokedAt ? dim(line) : line)
  return table(['client_id', 'name', 'type', 'people', 'grants'], rows, style)
}

const clientStatus = (client: Client): string =>
  client.revokedAt === null ? grantNames(client) : `revoked ${new Date(client.revokedAt).toISOString()}`

const grantNames = ({ grantTypes, followsRevocations }: Client): string =>
  [...grantTypes, ...(followsRevocations ? ['follows revocations'] : [])].join(', ')

const scopesOf = ({ scopes, grantTypes }: Client): string => {
  if (scopes !== null) return formatScope(scopes) || 'none'
  const hasNone = grantTypes.length === 0 || grantTypes.includes('client_credentials')
  return hasNone ? 'none' : 'every defined one'
}
