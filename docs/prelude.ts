/*
 * The names that fragments in the docs can use. A TypeScript block whose first line is `// given: server` is compiled with
 * that name in scope. All other blocks must be complete.
 */
import type { AuthorizationServer, Store, UserProvider } from 'consulate'
import type { TokenClient } from 'consulate/browser'

/** The server from the first page of the docs. */
export declare const server: AuthorizationServer<'orders:read' | 'orders:create'>

/** The server's database. */
export declare const store: Store

/** Your users. */
export declare const users: UserProvider

/** The token client of your app. */
export declare const auth: TokenClient

/** The address bar of a browser. */
export declare const location: { readonly href: string; assign(url: string): void }

/** The ID of a user in your database. */
export declare const userId: string

/** The ID of an authorization. */
export declare const authorizationId: string

/** A request in the Fetch API. */
export declare const request: Request
