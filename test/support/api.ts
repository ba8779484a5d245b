import type { RequestListener, ServerResponse } from 'node:http'
import { toNode } from '../../src/adapters/node.ts'
import type { Auth, Guards } from '../../src/index.ts'
import type { TestScope } from './config.ts'

/**
 * A small API behind a guard: `/me` accepts users, `/orders` users with `orders:read`, `/machine` clients,
 * `/machine/orders` clients with `orders:read`, `/anyone` both with either scope of orders. Each returns the result of the
 * guard.
 */
export function guardedApi(guarded: Guards<TestScope>): RequestListener {
  const auth = toNode(guarded)
  const routes: Readonly<Record<string, RequestListener>> = {
    '/me': auth.user()((request, response) => sendAuth(response, request.auth)),
    '/orders': auth.user('orders:read')((request, response) => sendAuth(response, request.auth)),
    '/machine': auth.machine()((request, response) => sendAuth(response, request.auth)),
    '/machine/orders': auth.machine('orders:read')((request, response) => sendAuth(response, request.auth)),
    '/anyone': auth.anyone({ anyOf: ['orders:read', 'orders:create'] })((request, response) =>
      sendAuth(response, request.auth),
    ),
  }
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const route = routes[pathname]
    if (route) route(request, response)
    else response.writeHead(404).end()
  }
}

/** Serves `/strict`, which accepts users and asks the store. Other paths go to `others`. */
export function strictApi(guarded: Guards<TestScope>, others: RequestListener): RequestListener {
  const strict = toNode(guarded).user({ strict: true })((request, response) =>
    sendAuth(response, request.auth),
  )
  return (request, response) => (request.url === '/strict' ? strict : others)(request, response)
}

const sendAuth = (response: ServerResponse, auth: Auth): void =>
  void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(auth))
