import type { RequestListener } from 'node:http'

/** The door with a keyhole of our pages, in colors that are seen on light and on dark. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2b8496" d="M4 30V14a12 12 0 0 1 24 0v16z"/><path fill="#fff" d="M16 11a3.6 3.6 0 0 0-1.9 6.7L12.8 24h6.4l-1.3-6.3A3.6 3.6 0 0 0 16 11z"/></svg>`

const HEADERS = {
  'Content-Type': 'image/svg+xml',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'public, max-age=86400',
} as const

/** Answers `/favicon.ico`, for which browsers ask by themselves; an app of your own has one of its own. */
export const withIcon =
  (otherwise: RequestListener): RequestListener =>
  (request, response) =>
    request.url === '/favicon.ico' && request.method === 'GET'
      ? response.writeHead(200, HEADERS).end(ICON)
      : otherwise(request, response)
