import type { CookieOptions } from '../lib/cookie.ts'

/** The cookies of a response, as `cookies()` of `next/headers` returns them. */
export interface NextCookies {
  set(name: string, value: string, options: NextCookieOptions): unknown
}

/** The attributes of a cookie in Next. `maxAge` in seconds. */
export interface NextCookieOptions extends Pick<CookieOptions, 'maxAge' | 'secure' | 'domain'> {
  readonly path: string
  readonly httpOnly: boolean
  readonly sameSite: 'lax' | 'strict'
}

/** Converts the value of a `Set-Cookie` header. */
export function toNextCookie(header: string): [name: string, value: string, options: NextCookieOptions] {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
  const maxAge = /; Max-Age=(\d+)/.exec(header)?.[1]
  const domain = /; Domain=([^;]+)/.exec(header)?.[1]
  const attributes = {
    path: '/',
    httpOnly: header.includes('; HttpOnly'),
    sameSite: header.includes('; SameSite=Strict') ? 'strict' : 'lax',
    secure: header.includes('; Secure'),
  } as const
  return [
    name,
    value,
    { ...attributes, ...(domain && { domain }), ...(maxAge !== undefined && { maxAge: Number(maxAge) }) },
  ]
}
