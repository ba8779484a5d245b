import type { ViewProps } from '../../src/pages/props.ts'

const client = { name: 'Orchard Orders', host: 'orders.orchard.example' }
const hidden = { _token: 'anti-forgery', request: 'sealed' }

/** Tokens in every state that they have. */
const tokens: ViewProps['personalTokens'] = {
  userName: 'ada@orchard.example',
  signOutUrl: '/logout',
  tokens: [
    {
      id: 'q3Jm0ZbT5sXvA1nKc8LwYg',
      name: 'Backup on my laptop',
      scopes: [
        { id: 'orders:read', description: 'See your orders' },
        { id: 'profile', description: 'See your name and picture' },
      ],
      createdAt: Date.UTC(2026, 10, 1),
      lastUsedAt: Date.UTC(2026, 10, 22, 14, 3),
      expiresAt: Date.UTC(2027, 10, 1),
      revoke: { action: '/account/tokens', hidden },
    },
    {
      id: 'Wg8LcKn1AvXs5TbZ0mJ3qy',
      name: 'Everything',
      scopes: [{ id: '*', description: '*' }],
      createdAt: Date.UTC(2026, 10, 1),
      lastUsedAt: null,
      expiresAt: Date.UTC(2026, 11, 1),
      revoke: { action: '/account/tokens', hidden },
    },
  ],
  create: { action: '/account/tokens', hidden },
  scopes: [
    { id: 'orders:read', description: 'See your orders' },
    { id: 'profile', description: 'See your name and picture' },
  ],
  lifetimes: [604_800, 2_592_000, 31_536_000],
  values: { name: '', scopes: [], lifetime: 2_592_000 },
}

/** One page as it is used: the view and what it is given. */
export type Sample = {
  [Name in keyof ViewProps]: readonly [view: Name, props: ViewProps[Name]]
}[keyof ViewProps]

/** Every page in every state that it has, by what it shows. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  'sign-in': ['signIn', { action: '/auth/sign-in', hidden, provider: 'users', username: '' }],
  'sign-in for a client': [
    'signIn',
    { action: '/auth/sign-in', hidden, provider: 'users', username: '', client },
  ],
  'sign-in after wrong credentials': [
    'signIn',
    {
      action: '/auth/sign-in',
      hidden,
      provider: 'users',
      username: 'ada@orchard.example',
      client,
      problem: { kind: 'credentials' },
    },
  ],
  'sign-in after expiry': [
    'signIn',
    { action: '/auth/sign-in', hidden, provider: 'users', username: 'ada', problem: { kind: 'expired' } },
  ],
  'sign-in while throttled': [
    'signIn',
    {
      action: '/auth/sign-in',
      hidden,
      provider: 'users',
      username: 'ada',
      client,
      problem: { kind: 'throttled', seconds: 45 },
    },
  ],
  consent: [
    'consent',
    {
      client,
      scopes: [
        { id: 'orders:read', description: 'See your orders' },
        {
          id: 'orders:create',
          description: 'Place orders in your name, and pay for them with the card on file',
        },
        { id: 'profile', description: 'See your name and picture' },
      ],
      userName: 'ada@orchard.example',
      approve: { action: '/oauth/authorize', hidden },
      deny: { action: '/oauth/authorize', hidden: { ...hidden, _method: 'DELETE' } },
      switchAccount: { action: '/auth/switch', hidden },
    },
  ],
  'consent without scopes': [
    'consent',
    {
      client: { name: 'Orchard for phones', host: 'com.orchard.example' },
      scopes: [],
      userName: 'Ada',
      approve: { action: '/oauth/authorize', hidden },
      deny: { action: '/oauth/authorize', hidden: { ...hidden, _method: 'DELETE' } },
      switchAccount: { action: '/auth/switch', hidden },
    },
  ],
  'an error': [
    'error',
    {
      status: 400,
      code: 'invalid_request',
      description: 'The redirect URI is not registered for this client.',
      requestId: 'q3Jm0ZbT5sXvA1nKc8LwYg',
    },
  ],
  'a server error': [
    'error',
    {
      status: 503,
      code: 'temporarily_unavailable',
      description: 'The server cannot answer now.',
      requestId: 'q3Jm0ZbT5sXvA1nKc8LwYg',
    },
  ],
  'sign-out': ['signOut', { action: '/auth/sign-out', hidden, userName: 'ada@orchard.example' }],
  'signed out': ['signedOut', { signInUrl: '/auth/sign-in' }],
  'signed in': ['signedIn', { userName: 'ada@orchard.example', signOutUrl: '/auth/sign-out' }],
  'signed in, where people have tokens': [
    'signedIn',
    { userName: 'ada@orchard.example', signOutUrl: '/auth/sign-out', tokensUrl: '/account/tokens' },
  ],
  'personal access tokens': ['personalTokens', tokens],
  'personal access tokens, before the first': [
    'personalTokens',
    { ...tokens, tokens: [], scopes: [], lifetimes: [3600] },
  ],
  'personal access tokens after a name that is none': [
    'personalTokens',
    { ...tokens, values: { name: ' ', scopes: ['profile'], lifetime: 604_800 }, problem: { kind: 'name' } },
  ],
  'personal access tokens, too many in a day': [
    'personalTokens',
    { ...tokens, problem: { kind: 'throttled', seconds: 7200 } },
  ],
  'a new personal access token': [
    'newPersonalToken',
    {
      name: 'Backup on my laptop',
      accessToken: 'eyJjb25zdWxhdGUiOiJwYXQi'.repeat(30),
      scopes: [{ id: 'orders:read', description: 'See your orders' }],
      expiresAt: Date.UTC(2027, 10, 22),
      tokensUrl: '/account/tokens',
    },
  ],
  'device code': ['deviceCode', { action: '/oauth/device', hidden, userCode: '' }],
  'device code from the address': ['deviceCode', { action: '/oauth/device', hidden, userCode: 'WDJB-MJHT' }],
  'device code that is wrong': [
    'deviceCode',
    { action: '/oauth/device', hidden, userCode: 'WDJB-MJHX', problem: { kind: 'incorrect' } },
  ],
  'device code after expiry': [
    'deviceCode',
    { action: '/oauth/device', hidden, userCode: 'WDJB-MJHT', problem: { kind: 'expired' } },
  ],
  'device code while throttled': [
    'deviceCode',
    { action: '/oauth/device', hidden, userCode: 'wdjb', problem: { kind: 'throttled', seconds: 600 } },
  ],
  'device consent': [
    'deviceConsent',
    {
      client: { name: 'Orchard TV' },
      userCode: 'WDJB-MJHT',
      address: '2001:db8:85a3:1319:8a2e:370:7344:abcd',
      scopes: [
        { id: 'orders:read', description: 'See your orders' },
        { id: 'profile', description: 'See your name and picture' },
      ],
      userName: 'ada@orchard.example',
      approve: { action: '/oauth/device', hidden },
      deny: { action: '/oauth/device', hidden: { ...hidden, _method: 'DELETE' } },
      switchAccount: { action: '/oauth/device', hidden: { ...hidden, intent: 'switch' } },
    },
  ],
  'device consent without scopes': [
    'deviceConsent',
    {
      client: { name: 'Orchard TV' },
      userCode: 'WDJB-MJHT',
      address: '203.0.113.7',
      scopes: [],
      userName: 'Ada',
      approve: { action: '/oauth/device', hidden },
      deny: { action: '/oauth/device', hidden: { ...hidden, _method: 'DELETE' } },
      switchAccount: { action: '/oauth/device', hidden: { ...hidden, intent: 'switch' } },
    },
  ],
  'device allowed': ['deviceDone', { client: { name: 'Orchard TV' }, decision: 'approved' }],
  'device denied': ['deviceDone', { client: { name: 'Orchard TV' }, decision: 'denied' }],
}
