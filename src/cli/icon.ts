import type { RequestListener } from 'node:http'
import { OUTLINES } from '../pages/mark.ts'

/** The mark of our pages, in colors that are seen on light and on dark. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
  `<path fill="#2b8496" d="${OUTLINES.door}"/><path fill="#fff" d="${OUTLINES.keyhole}"/></svg>`

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
