/*
 * The names that fragments in the docs can use. A TypeScript block whose first line is `// given: server` is compiled with
 * that name in scope. All other blocks must be complete.
 */
import type { AuthorizationServer, BaseUser, Store, UserProvider } from 'consulate'
import type { TokenClient } from 'consulate/browser'

/** The server from the first page of the docs. */
export declare const server: AuthorizationServer<'orders:read' | 'orders:create', 'users', never, BaseUser>

/** The server's database. */
export declare const store: Store

/** Your users. */
export declare const users: UserProvider

/** The token client of your app. */
export declare const auth: TokenClient

/** Goes to the sign-in page. */
export declare const signIn: () => Promise<void>

/** Finishes the sign-in on the callback page. */
export declare const finish: () => Promise<string | undefined>

/** Your app, with its own users and sessions. */
export declare const shop: {
  findUser(id: string): Promise<{ readonly id: string; readonly email: string } | undefined>
  findSession(
    cookie: string | null,
  ): Promise<{ readonly id: string; readonly userId: string; readonly signedInAt: Date } | undefined>
}

/** The address bar of a browser. */
export declare const location: {
  readonly href: string
  readonly origin: string
  readonly pathname: string
  assign(url: string): void
}

/** The history of a tab. */
export declare const history: { replaceState(state: null, title: string, url: string | undefined): void }

/** The cookies that scripts in a browser can read. */
export declare const cookies: string

/** The page in a browser. */
export declare const document: { readonly body: { textContent: string } }

/** The ID of a user in your database. */
export declare const userId: string

/** The ID of an authorization. */
export declare const authorizationId: string

/** A request in the Fetch API. */
export declare const request: Request
