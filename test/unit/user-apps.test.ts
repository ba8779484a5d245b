import { expect, test } from 'vitest'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { newAppProblems } from '../../src/user-apps/fields.ts'
import { secretVersionOf, versionOf } from '../../src/user-apps/user-apps.ts'

const app = sampleClient()

test.each([
  { name: 'Renamed' },
  { redirectUris: ['https://other.example/callback'] },
  { grantTypes: ['authorization_code'] },
  { scopes: [] },
  { logo: 'data:image/png;base64,iVBORw0KGgo=' },
  { homepage: 'https://app.example' },
  { privacy: 'https://app.example/privacy' },
  { terms: 'https://app.example/terms' },
])('the version of an app, which its form sends back, changes with %j', (changes) => {
  expect(versionOf({ ...app, ...changes })).not.toBe(versionOf(app))
  expect(versionOf({ ...app })).toBe(versionOf(app))
})

test('the version of its secret changes with each new one', () => {
  const first = { ...app, secrets: [{ hash: 'first', expiresAt: null }] }
  const second = { ...app, secrets: [{ hash: 'second', expiresAt: null }, ...first.secrets] }
  expect(new Set([app, first, second].map(secretVersionOf)).size).toBe(3)
})

const URIS = { redirectUris: app.redirectUris }

test.each([
  ['without the device flow', 'authorization_code', URIS, []],
  ['without the device flow', 'authorization_code', { ...URIS, isDevice: true }, ['isDevice']],
  ['with the device flow only', DEVICE_GRANT, { isDevice: true }, []],
  ['with the device flow only', DEVICE_GRANT, { ...URIS, isDevice: true }, ['redirectUris']],
])('at a server %s, apps can use only its grants', (_what, grant, fields, invalid) => {
  const scopeRules = {
    defined: new Set<string>(),
    defaults: [],
    firstPartyOnly: new Set<string>(),
    required: new Set<string>(),
    allowsEvery: false,
    isInherited: false,
  }
  const rules = { scopes: undefined, scopeRules, grants: new Set([grant]) }
  const problems = newAppProblems({ name: 'TV', ...fields }, 'public', rules)
  expect(problems.map(({ field }) => field)).toEqual(invalid)
})
