/** The columns of the table in docs/reference/what-ends-what.md. */
export const CREDENTIALS = [
  'browser session',
  'API cookie',
  'API sign-in',
  'first-party app',
  'third-party app',
  'personal token',
  'machine token',
] as const

export type CredentialName = (typeof CREDENTIALS)[number]

/** What an event does to a credential. A dash means that the event cannot happen to it. */
export type Outcome = 'ends' | 'stays' | 'must refresh' | 'until it expires' | 'ends when used' | '—'

/** The rows of the same table, with a cell for each column. */
export const WHAT_ENDS_WHAT = {
  'sign-out': ['ends', 'ends', 'ends', 'ends', 'stays', 'stays', 'stays'],
  'sign-out of all other devices': ['ends', 'ends', 'ends', 'ends', 'stays', 'stays', 'stays'],
  'sign-out of all devices': ['ends', 'ends', 'ends', 'ends', 'stays', 'stays', 'stays'],
  'sign-out everywhere': ['ends', 'ends', 'ends', 'ends', 'ends', 'ends', 'stays'],
  'another user signs in': ['ends', 'ends', '—', 'ends', 'stays', 'stays', 'stays'],
  'the same user signs in again': ['stays', 'stays', '—', 'stays', 'stays', 'stays', 'stays'],
  'password changed by the user on the page': [
    'ends',
    'ends',
    'ends',
    'ends',
    'must refresh',
    'ends',
    'stays',
  ],
  'password changed by the user in the API': [
    'ends',
    'ends',
    'ends',
    'ends',
    'must refresh',
    'ends',
    'stays',
  ],
  'password changed, other devices kept': ['stays', 'stays', 'stays', 'stays', 'stays', 'stays', 'stays'],
  'password reset by link': ['ends', 'ends', 'ends', 'ends', 'must refresh', 'ends', 'stays'],
  'password set in code': ['ends', 'ends', 'ends', 'ends', 'must refresh', 'ends', 'stays'],
  'password set in code, third parties too': ['ends', 'ends', 'ends', 'ends', 'ends', 'ends', 'stays'],
  'user disabled': ['ends', 'ends', 'ends', 'ends', 'ends', 'ends', 'stays'],
  'user deleted': ['ends', 'ends', 'ends', 'ends', 'ends', 'ends', 'stays'],
  'user no longer found': [
    'ends',
    'until it expires',
    'until it expires',
    'until it expires',
    'until it expires',
    'ends when used',
    'stays',
  ],
  'app disconnected': ['stays', 'stays', '—', 'ends', 'ends', '—', 'stays'],
  'client revoked': ['stays', 'stays', '—', 'ends', 'ends', '—', 'ends'],
  'authorization revoked': ['stays', 'stays', 'ends', 'ends', 'ends', 'ends', '—'],
  'access token revoked': [
    '—',
    'must refresh',
    'must refresh',
    'must refresh',
    'must refresh',
    'ends',
    'ends',
  ],
  'refresh token revoked by its client': ['stays', 'stays', '—', 'ends', 'ends', '—', '—'],
  'access token revoked by its client': ['—', '—', '—', 'must refresh', 'must refresh', 'ends', 'ends'],
  'refresh token replayed': ['stays', 'stays', 'ends', 'ends', 'ends', '—', '—'],
  'code replayed': ['stays', 'stays', '—', 'ends', 'ends', '—', '—'],
} as const satisfies Readonly<Record<string, readonly Outcome[]>>

export type EndingEvent = keyof typeof WHAT_ENDS_WHAT
