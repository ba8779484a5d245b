import '../lib/node-version.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  applyDecorators,
  createParamDecorator,
  ForbiddenException,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type HttpException,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { ProviderOptions } from '../administration/sessions.ts'
import type { UserLike } from '../administration/user.ts'
import type { Auth, UserAuth } from '../guard/auth.ts'
import { ConfigError } from '../errors.ts'
import { isRefusal, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, Scopes } from '../guard/request-guards.ts'
import type { Caller, Requirement } from '../guard/requirement.ts'
import type { AuthorizationServer } from '../server.ts'
import type { ResponseCookies, StartedSession } from '../sign-in/browser-sessions.ts'
import type { BaseUser } from '../users/provider.ts'
import type { StartOptions } from './browser-sessions.ts'
import { moduleOf, routesOf, type NestRoutes } from './nest-mount.ts'

export type { StartOptions } from './browser-sessions.ts'
export { AUTHORIZATION_SERVER, type NestRoutes } from './nest-mount.ts'

/** Decorates a controller or a route. The decorator of a route replaces the one of its controller. */
export type RouteDecorator = ClassDecorator & MethodDecorator

/**
 * Guards for the HTTP routes of Nest. Scopes that the configuration does not have throw `ConfigError`. WebSocket gateways,
 * GraphQL resolvers and microservices are rejected with an error.
 */
export interface NestGuards<Scope extends string> {
  /** Accepts users' tokens that have all of these scopes. */
  Scopes(...scopes: Scopes<Scope>): RouteDecorator
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  Machine(...scopes: Scopes<Scope>): RouteDecorator
  /** Accepts both. */
  Anyone(...scopes: Scopes<Scope>): RouteDecorator
  /** Accepts every request, with or without a token. Needed only if `AuthGuard` is a global guard. */
  Public(): RouteDecorator
  /**
   * The guard behind the decorators. Provide it as `{ provide: APP_GUARD, useValue: AuthGuard }` to guard all routes: those
   * without a decorator then accept users' tokens with any scopes.
   */
  readonly AuthGuard: CanActivate
  /** Passes the result of the guard to a parameter, as `UserAuth`, `MachineAuth` or `Auth`. */
  CurrentAuth(): ParameterDecorator
  /**
   * Passes a user to a parameter. On guarded routes, that is the user of the token, `{ id, provider, sub }`, or
   * undefined for machine tokens. On other routes, it is the user who is signed in to the browser, as `find` of the
   * user provider returns them, or undefined for guests. Standalone guards know only users of tokens.
   */
  CurrentUser(): ParameterDecorator
}

/** A request of Express or Fastify. */
export interface NestRequest {
  readonly method?: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** A response of Express or Fastify. */
export interface NestResponse {
  header(name: string, value: string): unknown
}

/** A server in Nest: its module, its guards, and the users who are signed in. */
export interface NestAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
> extends NestGuards<Scope> {
  /**
   * Answers the server's own paths: `imports: [ConsulateModule]`. It runs after everything that `main.ts` adds with
   * `app.use()`, and a global prefix does not change its paths.
   */
  readonly ConsulateModule: DynamicModule
  /** Returns the same as middleware, to run it elsewhere: after a session middleware that a module adds, for example. */
  routes(): NestRoutes
  /**
   * Returns the user who is signed in to the browser that sent a request, or undefined. Sets the cookies that extend the
   * session.
   */
  currentUser(request: NestRequest, response: NestResponse): Promise<User | undefined>
  /**
   * Signs a user in to the browser, after your app has verified who they are, and sets the cookies. Declare the response as
   * `@Res({ passthrough: true })` if the route returns a value. Takes the options of `server.sessions.start`.
   */
  startSession(
    request: NestRequest,
    response: NestResponse,
    user: UserLike,
    options?: StartOptions,
  ): Promise<StartedSession>
  /** Signs the browser out and clears the cookies. */
  endSession(
    request: NestRequest,
    response: NestResponse,
    options?: ProviderOptions<Main | Other>,
  ): Promise<void>
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for(provider: Main | Other): NestGuards<Scope>
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to Nest on Express or Fastify:
 *
 * `export const { ConsulateModule, Scopes, CurrentUser } = toNest(server)` gives the module that answers the server's paths,
 * and decorators for your controllers. A guard has no module.
 */
export function toNest<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
>(server: AuthorizationServer<Scope, Main, Other, User>): NestAdapter<Scope, Main, Other, User>
export function toNest<Scope extends string, Provider extends string>(
  guard: Guards<Scope, Provider>,
): NestGuards<Scope>
export function toNest(
  guarded: AuthorizationServer | Guards<string>,
): NestGuards<string> | NestAdapter<string> {
  if (!('sessions' in guarded)) return guardsOf(guarded.core, noUser)
  const routes = routesOf(guarded.core)
  return {
    ...guardsOf(guarded.core, findUser(guarded)),
    ...sessionsOf(guarded),
    ConsulateModule: moduleOf(guarded, routes),
    routes: () => routes,
    for: (provider) => guardsOf(guarded.for(provider).core, findUser(guarded, { provider })),
  }
}

/** What a decorator requires of a route, and the guard that checks it. */
interface Rule {
  readonly core: GuardCore
  /** Undefined for public routes. */
  readonly requirement: Requirement | undefined
}

const RULE = 'consulate:rule'

/** Where the result of a guard is. `auth` of a request may also be what other middleware has set. */
const RESULT = Symbol.for('consulate.auth')

/** Controllers and handlers that have a decorator of this adapter. */
const decorated = new WeakSet<object>()

/** A second decorator would replace the first, and its scopes would not be required. */
function rejectSecondDecorator(target: { readonly name?: unknown }): void {
  if (decorated.has(target))
    throw new ConfigError([
      {
        path: typeof target.name === 'string' ? target.name : 'decorators',
        message: "has two decorators of consulate/nest. Name all scopes in one: @Scopes('a', 'b')",
      },
    ])
  decorated.add(target)
}

function guardsOf(core: GuardCore, findUser: FindUser): NestGuards<string> {
  const fallback: Rule = { core, requirement: core.requirement('user', []) }
  const AuthGuard: CanActivate = { canActivate: (context) => canActivate(context, fallback) }
  const decorate = (requirement: Requirement | undefined): RouteDecorator => {
    const apply = applyDecorators(
      SetMetadata(RULE, { core, requirement } satisfies Rule),
      UseGuards(AuthGuard),
    )
    return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
      rejectSecondDecorator((descriptor?.value as object | undefined) ?? target)
      apply(target, name, descriptor)
    }
  }
  const guard =
    (caller: Caller) =>
    (...scopes: Scopes<string>): RouteDecorator =>
      decorate(core.requirement(caller, scopes))
  return {
    Scopes: guard('user'),
    Machine: guard('machine'),
    Anyone: guard('anyone'),
    Public: () => decorate(undefined),
    AuthGuard,
    CurrentAuth: createParamDecorator((_, context) => httpOf(context).request[RESULT]),
    CurrentUser: createParamDecorator((_, context) => {
      const { request, response } = httpOf(context)
      const granted = request[RESULT]
      return granted ? userOf(granted) : findUser(request, response)
    }),
  }
}

const userOf = (auth: Auth): UserAuth['user'] | undefined => (auth.kind === 'user' ? auth.user : undefined)

type FindUser = NestAdapter<string>['currentUser']

const noUser: FindUser = () => Promise.resolve(undefined)

const findUser =
  ({ sessions }: AuthorizationServer, options?: ProviderOptions): FindUser =>
  async (request, response) => {
    const current = await sessions.current(request, options)
    setCookies(response, current)
    return current?.user
  }

const sessionsOf = (
  server: AuthorizationServer,
): Pick<NestAdapter<string>, 'currentUser' | 'startSession' | 'endSession'> => ({
  currentUser: findUser(server),
  async startSession(request, response, user, options) {
    const started = await server.sessions.start(user, { ...options, request })
    setCookies(response, started)
    return started
  },
  async endSession(request, response, options) {
    setCookies(response, await server.sessions.end(request, options))
  },
})

/** Keeps cookies that the app has set. Express replaces them in `header()`, and Fastify has no `appendHeader()`. */
function setCookies(
  response: NestResponse & Partial<ServerResponse>,
  set: ResponseCookies | undefined,
): void {
  for (const cookie of set?.cookies ?? []) {
    if (response.appendHeader) response.appendHeader('Set-Cookie', cookie)
    else response.header('Set-Cookie', cookie)
  }
}

interface Http {
  readonly request: NestRequest & { auth?: Auth; [RESULT]?: Auth }
  readonly response: NestResponse
}

/** Fails closed: other contexts have no `Authorization` header, or hide it. */
function httpOf(context: ExecutionContext): Http {
  const type = context.getType<string>()
  if (type !== 'http') throw new Error(`Guards of consulate/nest check HTTP routes only, not ${type}`)
  const http = context.switchToHttp()
  return { request: http.getRequest(), response: http.getResponse() }
}

const reflector = new Reflector()

function canActivate(context: ExecutionContext, fallback: Rule): boolean | Promise<boolean> {
  const { request, response } = httpOf(context)
  const targets = [context.getHandler(), context.getClass()]
  const { core, requirement } = reflector.getAllAndOverride<Rule | undefined>(RULE, targets) ?? fallback
  if (!requirement) return true
  const proceed = (checked: Auth | Refusal): true => {
    if (isRefusal(checked)) throw refusalOf(checked, response)
    Object.assign(request, { auth: checked, [RESULT]: checked })
    return true
  }
  const result = core.check(request, requirement)
  return result instanceof Promise ? result.then(proceed) : proceed(result)
}

const EXCEPTIONS = { 401: UnauthorizedException, 403: ForbiddenException, 503: ServiceUnavailableException }

/** Returns an exception, so that filters of the app see it. They send headers that are set already. */
function refusalOf({ status, headers, body }: Refusal, response: NestResponse): HttpException {
  for (const [name, value] of Object.entries(headers)) {
    // A filter may respond with something else.
    if (name !== 'Content-Type') response.header(name, value)
  }
  return new EXCEPTIONS[status](body)
}
