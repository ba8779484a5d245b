import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AuthorizationServer, ClientRegistration, Store } from '../../src/index.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { builtInUsers, createUser } from '../../src/users/built-in.ts'
import type { TestScope } from './config.ts'
import type { JsonResponse } from './oauth-client.ts'
import { fetchJson } from './oauth-client.ts'
import type { TestServer } from './server.ts'

/** A call of the administration API over HTTP, so that a test can make it in any process. */
export type AdminTask =
  | { readonly action: 'add user'; readonly email: string; readonly password: string }
  | { readonly action: 'add client'; readonly registration: ClientRegistration }
  | { readonly action: 'set password'; readonly id: string; readonly password: string }
  | {
      readonly action: 'sign out everywhere' | 'list sessions'
      readonly id: string
      readonly provider?: string
    }
  | {
      readonly action: 'revoke authorization' | 'revoke session' | 'revoke app session' | 'revoke client'
      readonly id: string
    }
  | { readonly action: 'purge'; readonly hours: number }
  | { readonly action: 'disconnect app'; readonly id: string; readonly clientId: string }
  | { readonly action: 'start session'; readonly id: string; readonly cookie: string }
  | { readonly action: 'find current session' | 'end session'; readonly cookie: string }
  | {
      readonly action: 'find user' | 'find client' | 'find authorization'
      readonly id: string
    }

const PATH = '/admin'

/** Calls the administration API of a node. */
export const callAdminApi = (node: TestServer, task: AdminTask): Promise<JsonResponse> =>
  fetchJson(node, PATH, { method: 'POST', body: JSON.stringify(task) })

/** Serves the administration API, with 500 for failures. Other paths go to `others`. */
export function adminApi(
  server: AuthorizationServer<TestScope>,
  store: Store,
  clock: Clock,
  others: RequestListener,
): RequestListener {
  return (request, response) => {
    if (request.url !== PATH) return others(request, response)
    const work = text(request).then((body) => runTask(server, store, clock, JSON.parse(body) as AdminTask))
    void work.then(
      (value) => response.writeHead(200).end(JSON.stringify(value ?? {})),
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
    )
  }
}

async function runTask(
  server: AuthorizationServer<TestScope>,
  store: Store,
  clock: Clock,
  task: AdminTask,
): Promise<unknown> {
  switch (task.action) {
    case 'add user':
      return createUser(store, clock, task)
    case 'add client':
      return server.clients.create(task.registration)
    case 'set password':
      return builtInUsers()({ store, clock }).setPassword?.(task.id, task.password)
    case 'sign out everywhere':
      return server.users.signOutEverywhere(task)
    case 'revoke authorization':
      return server.authorizations.revoke(task.id)
    case 'revoke session':
      return server.sessions.revoke(task.id)
    case 'revoke app session':
      return server.sessions.revokeAppSession(task.id)
    case 'revoke client':
      return server.clients.revoke(task.id)
    case 'purge':
      return server.purge(task)
    case 'disconnect app':
      return server.connections.disconnect(task.id, task.clientId)
    case 'start session':
      return server.sessions.start(task.id, { request: { headers: { cookie: task.cookie } } })
    case 'find current session':
      return server.sessions.current({ headers: { cookie: task.cookie } })
    case 'end session':
      return server.sessions.end({ headers: { cookie: task.cookie } })
    case 'find user':
      return store.users.find(task.id)
    case 'find client':
      return store.clients.find(task.id)
    case 'find authorization':
      return store.authorizations.find(task.id)
    case 'list sessions':
    default:
      return server.sessions.list(task)
  }
}
