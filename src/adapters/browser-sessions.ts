import type { ProviderOptions } from '../administration/sessions.ts'
import type { UserLike } from '../administration/user.ts'
import type { RequestLike } from '../lib/request-like.ts'
import type { AuthorizationServer } from '../server.ts'
import type { ResponseCookies, StartedSession, StartSessionOptions } from '../sign-in/browser-sessions.ts'
import type { BaseUser } from '../users/provider.ts'

/** Options of `startSession`. */
export type StartOptions = Omit<StartSessionOptions, 'request'>

/**
 * Sessions in the browser. `Context` is what handlers of the framework receive: `[request, reply]`, or one object for both.
 */
export interface BrowserSessions<
  Context extends readonly unknown[],
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
> {
  /**
   * Returns the user who is signed in to the browser that sent a request, on any route of your app, or undefined. Sets the
   * cookies that extend the session.
   */
  currentUser(...args: [...context: Context, options?: ProviderOptions<Main>]): Promise<User | undefined>
  currentUser(...args: [...Context, ProviderOptions<Main | Other>]): Promise<BaseUser | undefined>
  /**
   * Signs a user in to the browser, after your app has verified who they are, and sets the cookies. Takes the options of
   * `server.sessions.start`.
   *
   * @throws ConfigError with every problem; if the user is unknown or disabled
   */
  startSession(
    ...args: [...context: Context, user: UserLike, options?: StartOptions]
  ): Promise<StartedSession>
  /**
   * Signs the browser out and clears the cookies. Does nothing if no user is signed in.
   *
   * @throws OAuthError `access_denied` if the request is cross-site (`Sec-Fetch-Site`)
   */
  endSession(...args: [...context: Context, options?: ProviderOptions<Main | Other>]): Promise<void>
}

/** What differs between frameworks. */
interface ContextAccess<Context extends readonly unknown[]> {
  /** The number of arguments that are the context. */
  readonly size: Context['length']
  requestOf(...context: Context): RequestLike
  /** Adds a `Set-Cookie` header to the response. */
  addCookie(cookie: string, ...context: Context): unknown
}

export function createBrowserSessions<Context extends readonly unknown[]>(
  { sessions }: Pick<AuthorizationServer, 'sessions'>,
  { size, requestOf, addCookie }: ContextAccess<Context>,
): BrowserSessions<Context> {
  const contextIn = (args: readonly unknown[]): Context =>
    args.slice(0, size) as readonly unknown[] as Context
  const setCookies = (context: Context, response: ResponseCookies | undefined): void => {
    for (const cookie of response?.cookies ?? []) addCookie(cookie, ...context)
  }
  return {
    async currentUser(...args: readonly unknown[]) {
      const context = contextIn(args)
      const current = await sessions.current(requestOf(...context), args[size] as ProviderOptions | undefined)
      setCookies(context, current)
      return current?.user
    },
    async startSession(...args: readonly unknown[]) {
      const [context, user, options] = [
        contextIn(args),
        args[size] as UserLike,
        args[size + 1] as StartOptions,
      ]
      const started = await sessions.start(user, { ...options, request: requestOf(...context) })
      setCookies(context, started)
      return started
    },
    async endSession(...args: readonly unknown[]) {
      const context = contextIn(args)
      setCookies(
        context,
        await sessions.end(requestOf(...context), args[size] as ProviderOptions | undefined),
      )
    },
  }
}
