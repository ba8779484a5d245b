import type { PreparedRequest } from '../target.ts'

/** Serializes a request as HTTP/1.1 (one character per byte). `body` is ASCII. */
export function toWire({ method, path, headers, body = '' }: PreparedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = method === 'POST' ? `Content-Length: ${body.length}\r\n` : ''
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}${length}\r\n${body}`
}

/**
 * Returns whether `text` (one character per byte) is a complete response: with Content-Length, chunked without trailers,
 * or 204, which has no body.
 */
export function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  if (statusOf(text) === 204) return true
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= headEnd + 4 + Number(length)
}

/** The status code of a complete response. */
export const statusOf = (answer: string): number => Number(answer.slice(9, 12))

/** The refresh token of a JSON response (RFC 6749 section 5.1), or undefined. */
export const refreshTokenOf = (answer: string): string | undefined =>
  /"refresh_token":\s*"([^"]+)"/.exec(answer)?.[1]

/** The access token of a JSON response, or undefined. */
export const accessTokenOf = (answer: string): string | undefined =>
  /"access_token":\s*"([^"]+)"/.exec(answer)?.[1]
