import type { RequestListener } from 'node:http'
import { iconFor } from '../pages/icon.ts'

const HEADERS = {
  'Content-Type': 'image/svg+xml',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'public, max-age=86400',
} as const

/** Answers `/favicon.ico`, which browsers request by themselves for JSON responses and other resources without a page. */
export const withIcon =
  (otherwise: RequestListener): RequestListener =>
  (request, response) =>
    request.url === '/favicon.ico' && request.method === 'GET'
      ? response.writeHead(200, HEADERS).end(iconFor())
      : otherwise(request, response)
