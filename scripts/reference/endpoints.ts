import type { Config } from '../../src/config/config.ts'
import { resolveSettings, type Settings } from '../../src/config/settings.ts'
import type { AccountPage } from '../../src/model/account-page.ts'
import { createEndpoints } from '../../src/endpoints/routes.ts'
import { createProbes } from '../../src/endpoints/probes.ts'
import type { CorsPolicy, Endpoint } from '../../src/endpoints/endpoint.ts'
import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  deviceCode,
  implicitGrant,
  secretsFromEnvironment,
  signIn,
} from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { code, table } from './members.ts'

type Patch = Partial<Config>

/** What turns endpoints on. */
interface Feature {
  /** As it is written in the configuration. */
  readonly name: string
  /** What it needs, which turns on endpoints of its own. */
  readonly needs?: Patch
  readonly patch: Patch
}

const withGrants = (...added: Config['grants']): Patch => ({ grants: [clientCredentials(), ...added] })
const page = (name: AccountPage, needs: Patch = {}): Feature => ({
  name: `'${name}'`,
  needs,
  patch: { accountPages: [name] },
})

const FEATURES: readonly Feature[] = [
  { name: 'authorizationCode()', patch: withGrants(authorizationCode()) },
  { name: 'implicitGrant()', patch: withGrants(implicitGrant()) },
  { name: 'deviceCode()', patch: withGrants(deviceCode()) },
  { name: 'personalTokens', patch: { personalTokens: {} } },
  { name: 'userApps', needs: withGrants(deviceCode()), patch: { userApps: {} } },
  { name: 'signIn()', patch: withGrants(signIn()) },
  { name: 'apiCookie', patch: { apiCookie: {} } },
  { name: 'metrics.token', patch: { metrics: { token: 'x'.repeat(20) } } },
  { name: 'passwordReset', patch: { passwordReset: { send: () => {} } } },
]

const PAGES: readonly Feature[] = [
  page('devices'),
  page('password'),
  page('apps'),
  page('tokens', { personalTokens: {} }),
  page('developer', { ...withGrants(deviceCode()), userApps: {} }),
]

const CORS: Readonly<Record<CorsPolicy, string>> = {
  any: 'any origin',
  clients: "origins of public clients' redirect URIs",
  'sign-in': 'its `origins`',
  'api-cookie': '`origins` of `apiCookie`',
  none: 'none',
}

/** Returns the table of all endpoints. */
export function endpointTable(): string {
  const always = new Set(endpointsWith({}).map(({ path }) => path))
  const features = [...FEATURES, ...PAGES].map((feature) => ({ feature, endpoints: addedBy(feature) }))
  const all = [...endpointsWith({}), ...features.flatMap(({ endpoints }) => endpoints)]
  const unique = [...new Map(all.map((endpoint) => [endpoint.path, endpoint])).values()]
  const available = (path: string): string =>
    always.has(path)
      ? 'always'
      : describe(
          features
            .filter(({ endpoints }) => endpoints.some((each) => each.path === path))
            .map(({ feature }) => feature),
        )
  return table(
    ['path', 'methods', 'name', 'available', 'CORS', 'errors'],
    unique.map(({ path, methods, name, cors, errors }) => [
      code(path),
      Object.keys(methods).join(', '),
      name,
      available(path),
      CORS[cors],
      errors === 'json' ? 'JSON' : 'page',
    ]),
  )
}

const addedBy = ({ needs = {}, patch }: Feature): readonly Endpoint[] => {
  const known = new Set(endpointsWith(needs).map(({ path }) => path))
  return endpointsWith({ ...needs, ...patch }).filter(({ path }) => !known.has(path))
}

function describe(features: readonly Feature[]): string {
  const hasAllPages = PAGES.filter(({ needs }) => needs && Object.keys(needs).length === 0).every((each) =>
    features.includes(each),
  )
  const named = features.filter((feature) => !PAGES.includes(feature)).map(({ name }) => code(name))
  const pages = features
    .filter((feature) => PAGES.includes(feature))
    .map(({ name }) => `${code(name)} in \`accountPages\``)
  const all = [...named, ...(hasAllPages ? ['any of `accountPages`'] : pages)]
  return `with ${[all.slice(0, -1).join(', '), ...all.slice(-1)].filter((part) => part !== '').join(' or ')}`
}

/** Returns the endpoints of a server with one user provider. */
function endpointsWith({ grants = [clientCredentials()], ...rest }: Patch): readonly Endpoint[] {
  const settings = resolveSettings({
    issuer: 'https://example.com',
    secrets: secretsFromEnvironment(),
    store: sqlite(':memory:'),
    users: builtInUsers(),
    scopes: { read: 'Read' },
    grants,
    accountPages: [],
    ...rest,
  })
  return [...createEndpoints(settings), ...probes(settings)]
}

const probes = (settings: Settings): readonly Endpoint[] =>
  createProbes(settings).map(({ name, path }) => ({
    name,
    path,
    methods: { GET: () => ({ status: 200, headers: {}, body: '' }) },
    cors: 'none',
    errors: 'json',
  }))
