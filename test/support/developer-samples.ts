import type { AccountProps, ViewProps } from '../../src/pages/props.ts'
import type { DeveloperViewProps, EditAppProps } from '../../src/pages/developer/props.ts'

type DeveloperSample = {
  [Name in keyof DeveloperViewProps]: readonly [view: Name, props: ViewProps[Name]]
}[keyof DeveloperViewProps]

const hidden = { _token: 'anti-forgery' }
const ID = '3b1f9f0a-6c1d-8e0b-9a54-1d2f7c5e8b90'
const DESCRIPTIONS = [
  { id: 'orders:read', description: 'See your orders' },
  { id: 'orders:create', description: 'Place orders in your name, and pay for them with the card on file' },
]

/** The pages of developer apps in each of their states, with this logo and what all account pages have. */
export function developerSamples(account: AccountProps, logo: string) {
  const app = { id: ID, name: 'Orchard Tools', logo, createdAt: Date.UTC(2026, 10, 20) }
  const values = {
    name: 'Orchard Tools',
    homepage: 'https://tools.example',
    redirectUris: 'https://tools.example/callback\nhttp://127.0.0.1/callback',
    logo,
    privacy: '',
    terms: '',
    isDevice: false,
  }
  const form = {
    ...account,
    values,
    hasDeviceFlow: true,
    errors: {},
    asksPassword: false,
    appsUrl: '/account/developer',
  }
  const edit: EditAppProps = {
    ...form,
    app: { ...app, isPublic: false, oldSecretsExpireAt: null },
    scopes: DESCRIPTIONS,
    save: { action: '/account/developer', hidden },
    rotateUrl: `/account/developer?rotate=${ID}`,
    deleteUrl: `/account/developer?delete=${ID}`,
    isSaved: false,
  }
  const register: ViewProps['registerApp'] = {
    ...form,
    values: { ...values, name: '', homepage: '', redirectUris: '', logo: '' },
    register: { action: '/account/developer', hidden },
    isPublic: false,
  }
  const apps: ViewProps['developerApps'] = {
    ...account,
    apps: [
      { ...app, url: `/account/developer?app=${ID}` },
      { ...app, name: 'Basket', logo: null, url: `/account/developer?app=${ID}` },
    ],
    limit: 10,
    registerUrl: '/account/developer?new=app',
  }
  const rotate: ViewProps['rotateAppSecret'] = {
    name: 'Orchard Tools',
    rotate: { action: '/account/developer', hidden },
    overlaps: [0, 3600, 86_400, 604_800, 2_592_000],
    overlap: 86_400,
    asksPassword: false,
    appUrl: `/account/developer?app=${ID}`,
  }
  const secret: ViewProps['appSecret'] = {
    id: ID,
    name: 'Orchard Tools',
    secret: 'mG0rC3vYq9h1u7XJt2s5wKzPdF8aLbNe4iRoUyTcVxQ',
    oldSecretsExpireAt: null,
    appUrl: `/account/developer?app=${ID}`,
  }
  const errors = {
    name: [{ reason: 'must be 1 to 255 characters' }],
    redirect_uris: [
      { line: 1, reason: 'must not have a fragment' },
      { line: 3, reason: 'must use https (http is allowed for localhost only)' },
    ],
    homepage: [{ reason: 'must be an https URL' }],
    logo: [{ reason: 'must be a data: URI' }],
  }
  const wrong = {
    ...values,
    name: ' ',
    redirectUris: 'https://a.example/#x\n\nhttp://b.example/',
    homepage: 'http://tools.example',
    logo: '/logout',
  }
  return {
    'developer apps, before the first': ['developerApps', { ...apps, apps: [] }],
    'developer apps after one was deleted': ['developerApps', { ...apps, deleted: 'Old tools' }],
    'developer apps after one was deleted in another tab': ['developerApps', { ...apps, isGone: true }],
    'the maximum number of developer apps': ['developerApps', { ...account, limit: 2, apps: apps.apps }],
    'developer apps': ['developerApps', apps],
    'registering an app': ['registerApp', register],
    'registering an app after invalid entries': [
      'registerApp',
      { ...register, values: wrong, errors, problem: { kind: 'invalid' } },
    ],
    'registering an app after an old sign-in at the app': [
      'registerApp',
      { ...register, signInAgainUrl: '/login' },
    ],
    'registering an app after an old sign-in': [
      'registerApp',
      { ...register, asksPassword: true, isPublic: true, problem: { kind: 'passwordRequired' } },
    ],
    'a public app': [
      'editApp',
      {
        ...edit,
        app: { ...edit.app, logo: null, isPublic: true },
        values: { ...values, logo: '' },
        isSaved: true,
      },
    ],
    'an app after it was changed in another tab': ['editApp', { ...edit, problem: { kind: 'changed' } }],
    'an app after invalid entries': [
      'editApp',
      { ...edit, values: wrong, errors, problem: { kind: 'invalid' }, signInAgainUrl: '/login' },
    ],
    'an app after an old sign-in': [
      'editApp',
      {
        ...edit,
        app: { ...edit.app, oldSecretsExpireAt: Date.UTC(2026, 10, 23, 9, 30) },
        asksPassword: true,
        problem: { kind: 'password' },
      },
    ],
    'an app': ['editApp', edit],
    'generating a secret after too many passwords': [
      'rotateAppSecret',
      { ...rotate, asksPassword: true, problem: { kind: 'passwordThrottled', seconds: 90 } },
    ],
    'generating a secret after an old sign-in at the app': [
      'rotateAppSecret',
      { ...rotate, signInAgainUrl: '/login' },
    ],
    'generating a secret': ['rotateAppSecret', rotate],
    'a new secret': ['appSecret', secret],
    'a new secret beside earlier ones': [
      'appSecret',
      { ...secret, oldSecretsExpireAt: Date.UTC(2026, 10, 23, 9, 30) },
    ],
    'deleting an app': [
      'deleteApp',
      {
        name: 'Orchard Tools',
        delete: { action: '/account/developer', hidden },
        appUrl: `/account/developer?app=${ID}`,
      },
    ],
  } as const satisfies Record<string, DeveloperSample>
}
