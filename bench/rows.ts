import type { ServerName } from './server.ts'
import type { PreparedRequest, Scenario } from './target.ts'
import { type Feed, chain, cycle, once } from './load/feed.ts'

/** The number of keep-alive connections. */
export const CONNECTIONS = 16

/** One row of the bench: a kind of request and its entrants. */
export interface Row {
  /** Its name in `--only`. */
  readonly name: string
  readonly title: string
  readonly scenario: Scenario
  /**
   * The number of prepared requests per round. `each` prepares one for every request it will send. If `isKept`, all
   * rounds reuse the requests of the first.
   */
  readonly count: number | 'each'
  readonly isKept: boolean
  readonly feed: (requests: readonly PreparedRequest[]) => Feed
  /** The database server that its entrants share, each with a database of its own. Default: none. */
  readonly server?: ServerName
  /** The entrant that the ratios refer to. */
  readonly floor: string
  /** The entrants in the order of their turns, including the floor. Add a peer here. */
  readonly entrants: readonly string[]
}

const guard = { scenario: 'guard', isKept: true, feed: cycle, floor: 'floors/bare-get' } as const
const guardEntrants = [
  'floors/bare-get',
  'floors/verified-get',
  'targets/consulate',
  'targets/fast-jwt',
  'targets/express-oauth2-jwt-bearer',
  'targets/express-jwt',
  'targets/passport-jwt',
  'targets/node-oauth2-server',
]

/** Other servers, each with its own storage. */
const servers = [
  'targets/node-oauth2-server',
  'targets/oidc-provider',
  'targets/jmondi-oauth2-server',
  'targets/better-auth',
]

/** The frameworks of the adapters, by the name of their file. */
const FRAMEWORKS = {
  express: 'Express 5',
  fastify: 'Fastify 5',
  hono: 'Hono 4',
  koa: 'Koa 3',
  'nest-express': 'Nest 12 on Express',
  'nest-fastify': 'Nest 12 on Fastify',
} as const

/** The same route bare, behind the guard of the adapter, and with the server mounted in front of it as well. */
const frameworkRows = Object.entries(FRAMEWORKS).map(([name, title]): Row => {
  const [bare, ...others] = ['bare', 'guarded', 'mounted'].map((variant) => `frameworks/${name}:${variant}`)
  const row = { name: `in-${name}`, title: `Guarded GET in ${title}, 8 tokens`, count: 8 }
  return { ...guard, ...row, floor: bare ?? '', entrants: [bare ?? '', ...others] }
})

/** Peers that can store everything in PostgreSQL. */
const ON_POSTGRES = ['targets/oidc-provider:postgres', 'targets/better-auth:postgres']

/** Refreshes and exchanges on the database servers. */
const serverRows = (
  [
    ['postgres', 'PostgreSQL', ON_POSTGRES],
    ['mariadb', 'MariaDB', []],
  ] as const
).flatMap(([server, title, peers]): readonly Row[] => {
  const entrants = (floor: string) => [floor, 'targets/consulate-on-server', ...peers]
  const [refresh, code] = ['floors/on-server:refresh', 'floors/on-server:code']
  return [
    {
      name: `refresh-${server}`,
      title: `Refresh with rotation on ${title}`,
      scenario: 'refresh',
      count: CONNECTIONS,
      isKept: false,
      feed: chain,
      server,
      floor: refresh,
      entrants: entrants(refresh),
    },
    {
      name: `code-${server}`,
      title: `Code exchange on ${title}`,
      scenario: 'code',
      count: 'each',
      isKept: false,
      feed: once,
      server,
      floor: code,
      entrants: entrants(code),
    },
  ]
})

/** All rows in the order of the report. */
export const ROWS: readonly Row[] = [
  {
    name: 'client-credentials',
    title: 'Client credentials',
    scenario: 'client-credentials',
    count: 1,
    isKept: true,
    feed: cycle,
    floor: 'floors/signature',
    entrants: [
      'floors/constant',
      'floors/signature',
      'floors/authenticated-signature',
      'targets/consulate',
      ...servers,
    ],
  },
  {
    name: 'refresh',
    title: 'Refresh with rotation',
    scenario: 'refresh',
    count: CONNECTIONS,
    isKept: false,
    feed: chain,
    floor: 'floors/signature-and-update',
    entrants: [
      'floors/constant',
      'floors/signature',
      'floors/signature-and-update',
      'targets/consulate',
      ...servers,
    ],
  },
  {
    name: 'code',
    title: 'Code exchange',
    scenario: 'code',
    count: 'each',
    isKept: false,
    feed: once,
    floor: 'floors/signature-and-transaction',
    entrants: [
      'floors/constant',
      'floors/signature',
      'floors/signature-and-transaction',
      'targets/consulate',
      ...servers,
    ],
  },
  {
    name: 'device',
    title: 'Device code exchange',
    scenario: 'device',
    count: 'each',
    isKept: false,
    feed: once,
    floor: 'floors/signature-and-transaction',
    entrants: ['floors/signature-and-transaction', 'targets/consulate', 'targets/oidc-provider'],
  },
  {
    name: 'password',
    title: 'Password grant',
    scenario: 'password',
    count: CONNECTIONS * 2,
    isKept: true,
    feed: cycle,
    floor: 'floors/password',
    entrants: ['floors/password', 'targets/consulate'],
  },
  {
    name: 'implicit',
    title: 'Implicit grant, consent remembered',
    scenario: 'implicit',
    count: 1,
    isKept: true,
    feed: cycle,
    floor: 'floors/signature-and-insert',
    entrants: ['floors/signature-and-insert', 'targets/consulate'],
  },
  {
    name: 'introspect',
    title: 'Introspection, 8 tokens',
    scenario: 'introspect',
    count: 8,
    isKept: true,
    feed: cycle,
    floor: 'floors/constant',
    entrants: ['floors/constant', 'targets/consulate'],
  },
  {
    name: 'revoke',
    title: 'Revocation of a refresh token',
    scenario: 'revoke',
    count: 'each',
    isKept: false,
    feed: once,
    floor: 'floors/constant',
    entrants: ['floors/constant', 'targets/consulate'],
  },
  {
    ...guard,
    name: 'personal',
    title: 'Guarded GET, 8 personal access tokens',
    scenario: 'personal',
    count: 8,
    entrants: ['floors/bare-get', 'floors/verified-get', 'targets/consulate'],
  },
  { ...guard, name: 'guard-8', title: 'Guarded GET, 8 tokens', count: 8, entrants: guardEntrants },
  { ...guard, name: 'guard-2000', title: 'Guarded GET, 2,000 tokens', count: 2000, entrants: guardEntrants },
  {
    ...guard,
    name: 'guard-revoked',
    title: 'Guarded GET, 8 tokens, with 1,000,000 other revocations',
    count: 8,
    floor: 'targets/consulate',
    entrants: ['targets/consulate', 'targets/consulate-revoked', 'targets/consulate-revoked-arriving'],
  },
  ...serverRows,
  ...frameworkRows,
]
