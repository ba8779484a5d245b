/*
 * What fragments in the documents may take for granted. A TypeScript block whose first line is `// given: server` is
 * compiled with that name in scope; every other block must stand on its own.
 */
import type { AuthorizationServer, Store, UserProvider } from 'consulate'

/** A server as it is made on the first page of the documents. */
export declare const server: AuthorizationServer<'orders:read' | 'orders:create'>

/** Where its rows are kept. */
export declare const store: Store

/** Your own people. */
export declare const users: UserProvider

/** The id of a person, as your own database has it. */
export declare const userId: string

/** The id of something that a person has allowed a client. */
export declare const authorizationId: string

/** A request, as every framework can give one. */
export declare const request: Request
