import type { ViewProps } from '../../src/pages/props.ts'

const client = { name: 'Orchard Orders', host: 'orders.orchard.example' }
const hidden = { _token: 'anti-forgery', request: 'sealed' }

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
  "an error of the caller's": [
    'error',
    {
      status: 400,
      code: 'invalid_request',
      description: 'The redirect URI is not registered for this client.',
      requestId: 'q3Jm0ZbT5sXvA1nKc8LwYg',
    },
  ],
  'an error of ours': [
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
