/*
 * An app of a framework. It sets its own headers and reads every body before the server is mounted. It has these routes:
 *
 * - `/app` responds with `app`
 * - `/orders/:id` needs a user with `orders:read`, and responds with `{ id, user }`
 * - `/fails` needs any user, and throws `no orders today`
 * - `/who`, `/start/:id` and `/end` call `currentUser`, `startSession` and `endSession`
 *
 * The error handler of the app responds to errors with 418 and `{ caught: message }`.
 */

/** Headers that the app sets on every response. The first two are also headers of the server's pages. */
export const APP_HEADERS = {
  'Content-Security-Policy': "default-src 'self'; form-action 'self'",
  'X-Frame-Options': 'SAMEORIGIN',
  'Access-Control-Allow-Origin': '*',
  'X-App': 'shop',
} as const

/** Returns what the error handlers of the apps respond with. */
export const caught = (error: unknown): { readonly caught: string } => ({
  caught: error instanceof Error ? error.message : String(error),
})
