import type { RequestListener, ServerResponse } from 'node:http'
import { toNode } from '../../src/adapters/node.ts'
import type { Auth, Guards } from '../../src/index.ts'
import type { TestScope } from './config.ts'

/**
 * A small API behind the guard: `/me` is for people, `/orders` for people with `orders:read`, `/machine` for clients,
 * `/machine/orders` for clients with `orders:read`, `/anyone` for both with either scope of orders. Each answers who it
 * let in.
 */
export function guardedApi(guarded: Guards<TestScope>): RequestListener {
  const auth = toNode(guarded)
  const routes: Readonly<Record<string, RequestListener>> = {
    '/me': auth.user()((request, response) => tell(response, request.auth)),
    '/orders': auth.user('orders:read')((request, response) => tell(response, request.auth)),
    '/machine': auth.machine()((request, response) => tell(response, request.auth)),
    '/machine/orders': auth.machine('orders:read')((request, response) => tell(response, request.auth)),
    '/anyone': auth.anyone({ anyOf: ['orders:read', 'orders:create'] })((request, response) =>
      tell(response, request.auth),
    ),
  }
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const route = routes[pathname]
    if (route) route(request, response)
    else response.writeHead(404).end()
  }
}

const tell = (response: ServerResponse, auth: Auth): void =>
  void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(auth))
