import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { toNode } from '../../src/adapters/node.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import type { AppSession, AppUser, AppUserProvider, AuthorizationServer } from '../../src/index.ts'
import { guardedApi } from './api.ts'
import { listen, startServer } from './server.ts'
import type { ServerOptions, TestServer } from './server.ts'

/** A session of the shop, in its own memory. */
export interface ShopSession {
  userId: string
  signedInAt: number
}

/** How the shop tells who is signed in. Tests replace it. */
export type TellUser = (request: Request, original: unknown) => unknown

/**
 * A shop with its own users, sessions and sign-in page. The authorization server is mounted in it, below the same origin.
 * Users sign in without a password: only the hand-over matters.
 */
export interface Shop {
  readonly server: TestServer
  readonly origin: string
  /** The sessions, by the value of the cookie `shop`. */
  readonly sessions: Map<string, ShopSession>
  /** IDs of users who exist. */
  readonly users: Set<string>
  /** The requests for pages of the shop, as path and query. */
  readonly visits: URL[]
  /** What `appSession.current` answers with. Default: the user of the cookie `shop`. */
  tell: TellUser
  /** The user whom the next visit of the sign-in page signs in; undefined to leave the browser as it is. */
  nextUser: string | undefined
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of the shop. */
export interface ShopOptions extends ServerOptions {
  readonly appSession?: Partial<AppSession>
  /** True if the pages of the shop have an origin of their own, on the same host. */
  readonly isApart?: boolean
  /** True if the shop has no IDs for its sessions. */
  readonly hasNoIds?: boolean
}

const shopCookieOf = (cookie: string | null): string | undefined =>
  /(?:^|; )shop=([\w-]+)/.exec(cookie ?? '')?.[1]

/** Starts the shop. Its users have the IDs `ada` and `bob`. */
export async function startShop({
  appSession,
  isApart = false,
  hasNoIds = false,
  ...options
}: ShopOptions = {}): Promise<Shop> {
  const http = createServer()
  const origin = await listen(http)
  const pages = isApart ? createServer() : http
  const pagesOrigin = isApart ? await listen(pages) : origin
  const sessions = new Map<string, ShopSession>()
  const users = new Set(['ada', 'bob'])
  const visits: URL[] = []
  const tellByCookie: TellUser = (request): AppUser | undefined => {
    const sessionId = shopCookieOf(request.headers.get('cookie'))
    const session = sessions.get(sessionId ?? '')
    if (!session || sessionId === undefined) return undefined
    const { userId: id, signedInAt: authenticatedAt } = session
    return { id, authenticatedAt, methods: ['swk'], ...(!hasNoIds && { sessionId }) }
  }
  const provider: AppUserProvider = {
    find: async (id) => (users.has(id) ? { id, name: `${id} of the shop` } : undefined),
    appSession: {
      signInUrl: `${pagesOrigin}/sign-in`,
      signOutUrl: `${pagesOrigin}/sign-out`,
      current: (request, original) => shop.tell(request, original) as AppUser | undefined,
      ...appSession,
    },
  }
  const server = await startServer({ ...options, users: provider as never, issuer: origin })
  const close = async (): Promise<void> => {
    for (const each of new Set([http, pages])) {
      each.close()
      each.closeAllConnections()
    }
    await server.close()
  }
  const shop: Shop = {
    server: { ...server, origin, endpoint: (path) => origin + path },
    origin,
    sessions,
    users,
    visits,
    tell: tellByCookie,
    nextUser: undefined,
    close,
    [Symbol.asyncDispose]: close,
  }
  const mounted = toNode(server.server)
  const api = guardedApi(server.server)
  const show: RequestListener = (request, response) => void visitShop(shop, request, response)
  const routes = mounted.routes((request, response) => {
    const { authorization, 'x-xsrf-token': csrfToken } = request.headers
    if ((authorization ?? csrfToken) === undefined) show(request, response)
    else api(request, response)
  })
  if (isApart) pages.on('request', show)
  http.on('request', (request, response) => {
    // As the middleware of a framework does.
    const session = sessions.get(shopCookieOf(request.headers.cookie ?? null) ?? '')
    routes(Object.assign(request, { session }), response)
  })
  return shop
}

/** The pages of the shop: `/sign-in`, `/sign-out`, and a home page. */
async function visitShop(shop: Shop, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', shop.origin)
  shop.visits.push(url)
  const { sessions: server } = shop.server.server
  const returnTo = url.searchParams.get('return_to')
  const target = server.isReturnTo(returnTo) ? returnTo : '/'
  const user = (await readUser(request)) ?? shop.nextUser
  if (url.pathname === '/sign-in' && user !== undefined) {
    signInToShop(shop, response, user)
    response.writeHead(303, { Location: target }).end()
  } else if (url.pathname === '/sign-out') {
    await signOutOfShop(shop, shopCookieOf(request.headers.cookie ?? null))
    response.writeHead(303, { Location: target, 'Set-Cookie': 'shop=; Path=/; Max-Age=0' }).end()
  } else {
    const form = `<form method="post"><button name="user" value="ada">Ada</button>
      <button name="user" value="bob">Bob</button></form>`
    const body = `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>Shop ${url.pathname}</h1>`
    response.setHeader('Content-Type', 'text/html').end(url.pathname === '/sign-in' ? body + form : body)
  }
}

/** Returns whose button was pressed on the sign-in page. */
const readUser = async (request: IncomingMessage): Promise<string | undefined> =>
  request.method === 'POST' ? (new URLSearchParams(await text(request)).get('user') ?? undefined) : undefined

/** Signs in with a new session of the shop, and sets its cookie. */
function signInToShop(shop: Shop, response: Pick<ServerResponse, 'appendHeader'>, userId: string): void {
  const id = randomBase64url(16)
  shop.sessions.set(id, { userId, signedInAt: shop.server.clock.now() })
  response.appendHeader('Set-Cookie', `shop=${id}; Path=/; HttpOnly; SameSite=Lax`)
}

/** Ends a session of the shop, and revokes what depends on it. */
export async function signOutOfShop(
  {
    sessions,
    server,
  }: { sessions: Map<string, ShopSession>; server: { server: Pick<AuthorizationServer, 'sessions'> } },
  id: string | undefined,
): Promise<void> {
  if (id === undefined) return
  sessions.delete(id)
  await server.server.sessions.revokeAppSession(id)
}
