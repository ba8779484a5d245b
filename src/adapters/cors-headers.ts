/**
 * Headers that middleware of the app may have set on a response of the server. They are removed: a policy that lets other
 * origins read the app must not let them read the server's pages. The server sets its own.
 */
export const CORS_HEADERS = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Expose-Headers',
  'Access-Control-Max-Age',
] as const
