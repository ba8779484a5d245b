import { scopeProblem } from '../../config/scopes.ts'
import { UsageError } from '../errors.ts'
import type { InteractiveOptions } from '../interactive.ts'

/** The flags of `consulate init`. */
export interface InitFlags extends InteractiveOptions {
  readonly framework?: Framework
  readonly users?: UserSource
  /** A name or a URL. */
  readonly database?: string
  readonly grant?: readonly GrantName[]
  /** `orders:read=See your orders` each. */
  readonly scope?: readonly string[]
  readonly javascript?: boolean
  /** Replaces files that differ. */
  readonly force?: boolean
}

/** The answers to the questions, or the flags, of `consulate init`. */
export interface Choices {
  readonly framework: Framework
  readonly users: UserSource
  readonly database: Database
  readonly grants: readonly GrantName[]
  /** Each scope with its description. The first one guards the API of the app. */
  readonly scopes: Scopes
  readonly language: Language
}

export type Language = 'typescript' | 'javascript'

export type Scopes = Readonly<Record<string, string>>

/** The frameworks, the one without dependencies first. */
export const FRAMEWORKS = {
  node: 'None (node:http)',
  express: 'Express',
  fastify: 'Fastify',
  hono: 'Hono',
  koa: 'Koa',
  nest: 'Nest',
  next: 'Next (App Router)',
} as const

export type Framework = keyof typeof FRAMEWORKS

/** Where users come from. */
export const USER_SOURCES = {
  'built-in': { label: 'Built-in users', hint: "kept in the server's own database" },
  own: { label: 'Your own users table', hint: 'three functions that look them up' },
  'app-session': { label: "Your app's own sign-in", hint: 'passkeys, social sign-in, magic links' },
} as const

export type UserSource = keyof typeof USER_SOURCES

/** Where the server keeps its tables. */
export const DATABASES = {
  sqlite: { label: 'SQLite', hint: 'a file, nothing to install' },
  postgres: { label: 'PostgreSQL', hint: 'a server that you run' },
  mysql: { label: 'MySQL or MariaDB', hint: 'a server that you run' },
} as const

export type Database = keyof typeof DATABASES

/** The grants and features, each with the apps that it is for, in the order of the guide "Choose a grant". */
export const GRANTS = {
  authorization_code: {
    factory: 'authorizationCode',
    purpose: 'web, single-page and mobile apps',
    hint: 'users sign in on your pages and approve',
  },
  refresh_token: {
    factory: 'refreshToken',
    purpose: 'keeps those apps signed in',
    hint: 'until users sign out or disconnect them',
  },
  device_code: {
    factory: 'deviceCode',
    purpose: 'TVs and command lines',
    hint: 'users enter a code on their phone',
  },
  client_credentials: {
    factory: 'clientCredentials',
    purpose: 'cron jobs and other services',
    hint: 'no user is involved',
  },
  personal_tokens: {
    factory: undefined,
    purpose: "users' own scripts",
    hint: 'users generate a token and copy it',
  },
  sign_in: {
    factory: 'signIn',
    purpose: 'your own apps that ask for the password themselves',
    hint: 'no pages, no clients',
  },
} as const

export type GrantName = keyof typeof GRANTS

export const DEFAULTS: Choices = {
  framework: 'node',
  users: 'built-in',
  database: 'sqlite',
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  scopes: { 'orders:read': 'See your orders', 'orders:create': 'Place orders' },
  language: 'typescript',
}

/** Returns whether users sign in on the server's pages. */
export const hasPages = ({ grants }: Choices): boolean =>
  grants.includes('authorization_code') || grants.includes('device_code')

/** Returns the keys of a record with their type. */
export const namesOf = <Name extends string>(record: Readonly<Record<Name, unknown>>): readonly Name[] =>
  Object.keys(record) as Name[]

/** Parses `orders:read=See your orders`. Throws `UsageError`. */
export function parseScopeFlags(flags: readonly string[]): Scopes {
  for (const flag of flags) {
    const problem = scopeFlagProblem(flag)
    if (problem !== undefined) throw new UsageError(`--scope ${problem}`)
  }
  return Object.fromEntries(flags.map(splitScope))
}

/** Returns what is wrong with a scope and its description, or undefined. */
export function scopeFlagProblem(text: string): string | undefined {
  const [scope, description] = splitScope(text)
  if (scope === '' || description === '') {
    return `${text}: must be a scope and its description, such as orders:read=See your orders`
  }
  const problem = scopeProblem(scope, description)
  return problem && `${scope}: ${problem}`
}

/** A description may contain `=`, a scope may not. */
function splitScope(text: string): readonly [scope: string, description: string] {
  const [scope = '', ...description] = text.split('=')
  return [scope.trim(), description.join('=').trim()]
}
