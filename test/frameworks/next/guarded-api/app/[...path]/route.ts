import type { GuardedContext } from '../../../../../../src/adapters/next.ts'
import type { Auth } from '../../../../../../src/index.ts'
import { auth } from '../../current.ts'

type Handler = (request: Request, context: { readonly params: Promise<object> }) => Promise<Response>

const send = (_: Request, { auth }: GuardedContext<Auth, object>): Response => Response.json(auth)

const routes: Readonly<Record<string, () => Handler>> = {
  '/me': () => auth().user()(send),
  '/orders': () => auth().user('orders:read')(send),
  '/machine': () => auth().machine()(send),
  '/machine/orders': () => auth().machine('orders:read')(send),
  '/anyone': () => auth().anyone({ anyOf: ['orders:read', 'orders:create'] })(send),
}

/** The guarded API of the tests. */
const handler: Handler = async (request, context) => {
  const route = routes[new URL(request.url).pathname]
  return route ? route()(request, context) : new Response(null, { status: 404 })
}

export {
  handler as DELETE,
  handler as GET,
  handler as OPTIONS,
  handler as PATCH,
  handler as POST,
  handler as PUT,
}
