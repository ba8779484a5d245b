import { ACCOUNT_PAGES, type AccountPage } from '../../src/model/account-page.ts'
import { developerSamples } from './developer-samples.ts'
import type {
  AccountProps,
  ClientView,
  ConnectedAppView,
  ConsentScopeView,
  DeviceView,
  ViewProps,
} from '../../src/pages/props.ts'

const hidden = { _token: 'anti-forgery', request: 'sealed' }

export const LOGO = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#c33"/></svg>',
)}`

const client: ClientView = {
  name: 'Orchard Orders',
  host: 'orders.orchard.example',
  logo: null,
  homepage: null,
  privacy: null,
  terms: null,
  publisher: null,
  isThirdParty: false,
}

/** A client with all optional details. */
const detailed: ClientView = {
  ...client,
  logo: LOGO,
  homepage: 'https://orchard.example/about',
  privacy: 'https://orchard.example/privacy',
  terms: 'https://legal.example/terms',
  publisher: 'Orchard Inc.',
  isThirdParty: true,
}

const signIn: ViewProps['signIn'] = {
  action: '/auth/sign-in',
  hidden,
  provider: 'users',
  signInWith: 'email',
  username: '',
}

const asked = (id: string, description: string): ConsentScopeView => ({
  id,
  description,
  isGranted: false,
  isOptional: false,
})

const consent: ViewProps['consent'] = {
  client,
  resources: [],
  scopes: [
    asked('orders:read', 'See your orders'),
    asked('orders:create', 'Place orders in your name, and pay for them with the card on file'),
    asked('profile', 'See your name and picture'),
  ],
  userName: 'ada@orchard.example',
  approve: { action: '/oauth/authorize', hidden },
  deny: { action: '/oauth/authorize', hidden: { ...hidden, _method: 'DELETE' } },
  switchAccount: { action: '/auth/switch', hidden },
}

/** The user has allowed the last scope before. */
const consentForMore = consent.scopes.map((scope, index) => ({ ...scope, isGranted: index === 2 }))

/** The first scope is required. */
const consentWithChoices = consent.scopes.map((scope, index) => ({ ...scope, isOptional: index > 0 }))

const { host: _, ...device } = { ...client, name: 'Orchard TV' }

const deviceConsent: ViewProps['deviceConsent'] = {
  ...consent,
  client: device,
  userCode: 'WDJB-MJHT',
  address: '2001:db8:85a3:1319:8a2e:370:7344:abcd',
}

const account = (current: AccountPage): AccountProps => ({
  userName: 'ada@orchard.example',
  signOutUrl: '/logout',
  accountPages: ACCOUNT_PAGES.map((page) => ({
    page,
    url: `/account/${page}`,
    isCurrent: page === current,
  })),
})

const NOW = Date.UTC(2026, 10, 22, 14, 5)

const laptop: DeviceView = {
  id: 'nB4WqLz0Zk2vT8sYcR1XgA',
  name: 'Firefox on Linux',
  kind: 'computer',
  address: '203.0.113.7',
  place: 'Berlin, Germany',
  createdAt: Date.UTC(2026, 10, 20, 9, 14),
  lastSeenAt: NOW,
  isCurrent: true,
  signOutUrl: '/logout',
}

const phone: DeviceView = {
  ...laptop,
  id: 'Zk2vT8sYcR1XgAnB4WqLz0',
  name: 'Safari on iPhone',
  kind: 'phone',
  address: '2001:db8:85a3:1319:8a2e:370:7344:abcd',
  place: null,
  lastSeenAt: NOW - 11 * 60_000,
  isCurrent: false,
  signOutUrl: '/account/devices?sign_out=Zk2vT8sYcR1XgAnB4WqLz0',
}

const devices: ViewProps['devices'] = {
  ...account('devices'),
  devices: [
    laptop,
    phone,
    {
      ...phone,
      name: 'Chrome on Android',
      kind: 'tablet',
      place: 'Leipzig, Germany',
      lastSeenAt: NOW - 7_200_000,
    },
    { ...phone, name: 'consulate-shop', kind: 'other', address: '', lastSeenAt: NOW - 9 * 86_400_000 },
  ],
  hidden: 0,
  signOutOthersUrl: '/account/devices?sign_out=others',
  now: NOW,
}

const tokens: ViewProps['personalTokens'] = {
  ...account('tokens'),
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
      revokeUrl: '/account/tokens?revoke=q3Jm0ZbT5sXvA1nKc8LwYg',
    },
    {
      id: 'Wg8LcKn1AvXs5TbZ0mJ3qy',
      name: 'Everything',
      scopes: [{ id: '*', description: '*' }],
      createdAt: Date.UTC(2026, 10, 1),
      lastUsedAt: null,
      expiresAt: Date.UTC(2026, 11, 1),
      revokeUrl: '/account/tokens?revoke=Wg8LcKn1AvXs5TbZ0mJ3qy',
    },
  ],
  create: { action: '/account/tokens', hidden },
  scopes: [
    { id: 'orders:read', description: 'See your orders' },
    { id: 'profile', description: 'See your name and picture' },
  ],
  asksPassword: false,
  lifetimes: [604_800, 2_592_000, 31_536_000],
  values: { name: '', scopes: [], lifetime: 2_592_000 },
}

const manyScopes = Array.from({ length: 9 }, (_each, index) => ({
  id: `orders:${index}`,
  description: `See your orders of the year ${2018 + index}`,
}))

const { host: _host, ...orchard } = detailed

const orchardApp: ConnectedAppView = {
  ...orchard,
  id: 'Yg8LcKn1AvXs5TbZ0mJ3qy',
  scopes: consent.scopes,
  resources: [],
  connectedAt: Date.UTC(2026, 9, 3),
  lastUsedAt: NOW - 5 * 60_000,
  disconnectUrl: '/account/apps?disconnect=Yg8LcKn1AvXs5TbZ0mJ3qy',
}

/** An app that says nothing about itself. */
const plain = { name: 'Ledger', logo: null, homepage: null, privacy: null, terms: null, publisher: null }

const plainApp: ConnectedAppView = {
  ...orchardApp,
  ...plain,
  scopes: [],
  lastUsedAt: NOW - 40 * 86_400_000,
}

const connectedApps: ViewProps['connectedApps'] = {
  ...account('apps'),
  apps: [orchardApp, plainApp],
  hidden: 0,
  now: NOW,
}

const { disconnectUrl: _url, ...orchardConnection } = orchardApp

const disconnectApp: ViewProps['disconnectApp'] = {
  client: orchardConnection,
  disconnect: { action: '/account/apps', hidden },
  appsUrl: '/account/apps',
}

const deviceCode: ViewProps['deviceCode'] = { action: '/oauth/device', hidden, userCode: 'WDJB-MJHT' }

const password: ViewProps['password'] = {
  ...account('password'),
  change: { action: '/account/password', hidden },
  email: 'ada@orchard.example',
  asksPassword: false,
  keepsOtherDevices: false,
  isChanged: false,
}

const forgotPassword: ViewProps['forgotPassword'] = {
  action: '/forgot-password',
  hidden,
  provider: 'users',
  signInWith: 'email',
  username: '',
  signInUrl: '/login',
}

const resetPassword: ViewProps['resetPassword'] = {
  action: '/reset-password',
  hidden: { ...hidden, token: 'sealed' },
  email: 'ada@orchard.example',
}

/** A page in one state: the view and its props. */
export type Sample = {
  [Name in keyof ViewProps]: readonly [view: Name, props: ViewProps[Name]]
}[keyof ViewProps]

/** Every page in each of its states. */
export const SAMPLES = {
  'sign-in': ['signIn', signIn],
  'sign-in that may be kept': [
    'signIn',
    { ...signIn, keepSignedIn: true, forgotPasswordUrl: '/forgot-password' },
  ],
  'sign-in for a client': ['signIn', { ...signIn, client: detailed }],
  'sign-in after wrong credentials': [
    'signIn',
    { ...signIn, username: 'ada@orchard.example', client, problem: { kind: 'credentials' } },
  ],
  'sign-in with a username, after a timeout': [
    'signIn',
    { ...signIn, signInWith: 'username', username: 'ada', problem: { kind: 'expired' } },
  ],
  'sign-in while throttled': [
    'signIn',
    { ...signIn, signInWith: 'both', username: 'ada', client, problem: { kind: 'throttled', seconds: 45 } },
  ],
  consent: ['consent', consent],
  'consent for a client with details': ['consent', { ...consent, client: detailed }],
  'consent for an app on the device': [
    'consent',
    { ...consent, client: { ...client, name: 'Orchard for phones', host: null } },
  ],
  'consent for another API': [
    'consent',
    {
      ...consent,
      resources: [
        { uri: 'https://mcp.orchard.example/mcp', name: 'Orchard MCP', host: 'mcp.orchard.example' },
        { uri: 'https://billing.example/v1', name: null, host: 'billing.example' },
      ],
    },
  ],
  'consent for more': ['consent', { ...consent, client: detailed, scopes: consentForMore }],
  'consent with choices': ['consent', { ...consent, client: detailed, scopes: consentWithChoices }],
  'consent for more with choices': [
    'consent',
    {
      ...consent,
      scopes: consentForMore.map((scope) => ({ ...scope, isOptional: !scope.isGranted })),
    },
  ],
  'consent without scopes': ['consent', { ...consent, scopes: [], userName: 'Ada' }],
  'an error': [
    'error',
    {
      status: 400,
      code: 'invalid_request',
      description: 'The redirect URI is not registered for this client',
      requestId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    },
  ],
  'an unknown client': [
    'error',
    {
      status: 400,
      code: 'invalid_request',
      description: 'The client is unknown',
      reason: 'unknown_client',
      requestId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    },
  ],
  'a server error': [
    'error',
    {
      status: 503,
      code: 'temporarily_unavailable',
      description: 'Try again in a moment',
      requestId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    },
  ],
  'sign-out': ['signOut', { action: '/auth/sign-out', hidden, userName: 'ada@orchard.example' }],
  'signed out': ['signedOut', { signInUrl: '/auth/sign-in' }],
  'sign in again': [
    'signInAgain',
    { problem: 'tooOld', userName: 'ada@orchard.example', continueUrl: '/auth/sign-in' },
  ],
  'sign in again, not signed in': ['signInAgain', { problem: 'notSignedIn', continueUrl: '/auth/sign-in' }],
  'sign in again, in another browser': [
    'signInAgain',
    { problem: 'otherBrowser', userName: 'ada@orchard.example', continueUrl: '/auth/sign-in' },
  ],
  'sign in again, with an expired link': [
    'signInAgain',
    { problem: 'expired', continueUrl: '/auth/sign-in' },
  ],
  'signed in': ['signedIn', { userName: 'ada@orchard.example', signOutUrl: '/auth/sign-out' }],
  'signed in, with account pages': [
    'signedIn',
    { userName: 'ada@orchard.example', signOutUrl: '/auth/sign-out', accountUrl: '/account' },
  ],
  devices: ['devices', devices],
  'the only device, on the only account page': [
    'devices',
    {
      userName: devices.userName,
      signOutUrl: devices.signOutUrl,
      accountPages: [],
      devices: [laptop],
      hidden: 0,
      now: NOW,
    },
  ],
  'devices with hostile names': [
    'devices',
    {
      ...devices,
      userName: `${'W'.repeat(512)}@example.com`,
      devices: [
        laptop,
        { ...phone, name: 'W'.repeat(512), place: 'W'.repeat(512), address: 'a'.repeat(512) },
        { ...phone, name: '\u202eهاتف أحمد 📱 \u2066', place: 'القاهرة، مصر' },
        { ...phone, name: '👩‍👩‍👧‍👦'.repeat(100), place: '🇩🇪'.repeat(100) },
      ],
    },
  ],
  'too many devices': ['devices', { ...devices, hidden: 950 }],
  'devices after one was signed out': [
    'devices',
    { ...devices, notice: { kind: 'signed-out', name: 'Edge on Windows' } },
  ],
  'devices after all others were signed out': [
    'devices',
    { ...devices, devices: [laptop], notice: { kind: 'others-signed-out' } },
  ],
  'signing out a device': [
    'signOutDevice',
    {
      device: {
        name: 'Safari on iPhone',
        kind: 'phone',
        address: '203.0.113.7',
        place: 'Leipzig, Germany',
        createdAt: Date.UTC(2026, 10, 20, 9, 14),
      },
      signOut: { action: '/account/devices', hidden },
      devicesUrl: '/account/devices',
    },
  ],
  'signing out all other devices': [
    'signOutDevice',
    { signOut: { action: '/account/devices', hidden }, devicesUrl: '/account/devices' },
  ],
  'forgot password': ['forgotPassword', forgotPassword],
  'forgot password, after a timeout': [
    'forgotPassword',
    { ...forgotPassword, signInWith: 'both', username: 'ada', problem: { kind: 'expired' } },
  ],
  'a link was sent': ['forgotPasswordSent', { lifetime: 1800, signInUrl: '/login' }],
  'a link to reset a password': ['resetPassword', resetPassword],
  'a link to reset a password, after a rejected one': [
    'resetPassword',
    {
      ...resetPassword,
      problem: { kind: 'rejected', message: 'The password must have at least 8 characters' },
    },
  ],
  'a link that no longer works': ['invalidResetLink', { forgotPasswordUrl: '/forgot-password' }],
  'a password that was reset': ['passwordReset', { signInUrl: '/login' }],
  'changing the password': ['password', password],
  'changing the password after an old sign-in': ['password', { ...password, asksPassword: true }],
  'changing the password after an incorrect one': [
    'password',
    { ...password, asksPassword: true, keepsOtherDevices: true, problem: { kind: 'password' } },
  ],
  'changing the password while throttled': [
    'password',
    { ...password, asksPassword: true, problem: { kind: 'passwordThrottled', seconds: 45 } },
  ],
  'a rejected new password': [
    'password',
    { ...password, problem: { kind: 'rejected', message: 'The password must have at least 8 characters' } },
  ],
  'a changed password': ['password', { ...password, isChanged: true }],
  'personal access tokens': ['personalTokens', tokens],
  'personal access tokens with many permissions': [
    'personalTokens',
    {
      ...tokens,
      tokens: tokens.tokens.slice(0, 1).map((token) => ({ ...token, scopes: manyScopes })),
      scopes: manyScopes,
    },
  ],
  'personal access tokens, before the first': [
    'personalTokens',
    { ...tokens, tokens: [], scopes: [], lifetimes: [3600] },
  ],
  'personal access tokens after an invalid name': [
    'personalTokens',
    { ...tokens, values: { name: ' ', scopes: ['profile'], lifetime: 604_800 }, problem: { kind: 'name' } },
  ],
  'personal access tokens while throttled': [
    'personalTokens',
    { ...tokens, problem: { kind: 'throttled', seconds: 7200 } },
  ],
  'personal access tokens after an old sign-in': ['personalTokens', { ...tokens, asksPassword: true }],
  'personal access tokens after an incorrect password': [
    'personalTokens',
    { ...tokens, asksPassword: true, problem: { kind: 'password' } },
  ],
  'personal access tokens after a revocation': ['personalTokens', { ...tokens, revoked: 'Old laptop' }],
  'revoking a personal access token': [
    'revokePersonalToken',
    {
      name: 'Backup on my laptop',
      revoke: { action: '/account/tokens', hidden },
      tokensUrl: '/account/tokens',
    },
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
  'connected apps, before the first': ['connectedApps', { ...connectedApps, apps: [] }],
  'connected apps': ['connectedApps', connectedApps],
  'connected apps of both kinds, after one was disconnected': [
    'connectedApps',
    {
      ...connectedApps,
      apps: [
        { ...orchardApp, scopes: manyScopes },
        {
          ...plainApp,
          name: 'W'.repeat(512),
          lastUsedAt: null,
          scopes: [{ id: '*', description: '*' }],
          resources: [
            { uri: 'https://mcp.orchard.example', name: 'Orchard MCP', host: 'mcp.orchard.example' },
          ],
        },
        { ...plainApp, name: 'Orchard for phones', isThirdParty: false },
      ],
      hidden: 12,
      disconnected: 'Old calendar',
    },
  ],
  'disconnecting an app without permissions': [
    'disconnectApp',
    { ...disconnectApp, client: { ...orchardConnection, ...plain, scopes: [], isThirdParty: false } },
  ],
  'disconnecting an app': ['disconnectApp', disconnectApp],
  'device code': ['deviceCode', { ...deviceCode, userCode: '' }],
  'device code from the URL': ['deviceCode', deviceCode],
  'incorrect device code': ['deviceCode', { ...deviceCode, problem: { kind: 'incorrect' } }],
  'device code after a timeout': ['deviceCode', { ...deviceCode, problem: { kind: 'expired' } }],
  'device code while throttled': [
    'deviceCode',
    { ...deviceCode, userCode: 'wdjb', problem: { kind: 'throttled', seconds: 600 } },
  ],
  'device consent': ['deviceConsent', deviceConsent],
  'device consent with choices': ['deviceConsent', { ...deviceConsent, scopes: consentWithChoices }],
  'device consent without scopes': [
    'deviceConsent',
    { ...deviceConsent, address: '203.0.113.7', scopes: [], userName: 'Ada' },
  ],
  'device allowed': ['deviceDone', { client: device, decision: 'approved' }],
  'device denied': ['deviceDone', { client: device, decision: 'denied' }],
  ...developerSamples(account('developer'), LOGO),
} as const satisfies Readonly<Record<string, Sample>>
