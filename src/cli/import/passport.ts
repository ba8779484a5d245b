import type { Authorization } from '../../model/authorization.ts'
import { subjectOf, type UserRef } from '../../model/subject.ts'
import { rejectsLegacyHashes } from '../../users/built-in.ts'
import { systemClock } from '../../lib/clock.ts'
import { CommandError, UsageError } from '../errors.ts'
import { requireInstalled, settingsOf, userProviderOf, withProject, type Project } from '../project.ts'
import { importClient, type ClientOutcome } from './clients.ts'
import type { ImportContext } from './context.ts'
import { printReport, summaryOf } from './print.ts'
import { createImportLog } from './report.ts'
import type { PassportSource, Row } from './rows.ts'
import { openSource } from './source.ts'
import { importToken, type LiveRefreshToken, type TokenContext } from './tokens.ts'
import { importUser } from './users.ts'
import { isTrue, offsetOf, timeOf } from './values.ts'

/** The flags of `consulate import passport`. */
export interface ImportOptions {
  /** Default: the variable `CONSULATE_IMPORT_URL`, which the list of processes does not show. */
  readonly from?: string
  readonly usersTable?: string
  readonly timezone?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/**
 * `consulate import passport`: imports clients, users and tokens from Passport's tables. Each row is written in one transaction.
 * A run can be interrupted and repeated: it only adds what is missing, and revokes what Passport has revoked since.
 */
export function importPassport(options: ImportOptions): Promise<void> {
  const { usersTable = 'users', timezone: timeZone = 'UTC', dryRun: isDryRun = false } = options
  requireTimeZone(timeZone)
  const from = requireSource(options.from)
  return withProject(async (project) => {
    await requireInstalled(project)
    const source = await openSource(from)
    try {
      const context = createContext(project, timeZone, isDryRun)
      await importAll(source, usersTable, context)
      if (!isDryRun) project.activity.record('import.completed', { detail: summaryOf(context.log.report) })
      const missing = missingOptions(context)
      printReport(context.log.report, { isDryRun, isJson: options.json ?? false, missing })
    } finally {
      await source.close()
    }
  })
}

function requireSource(from = process.env['CONSULATE_IMPORT_URL']): string {
  if (from) return from
  throw new UsageError('Pass --from with a file or a database URL, or set CONSULATE_IMPORT_URL.')
}

function requireTimeZone(timeZone: string): void {
  try {
    offsetOf(timeZone, 0)
  } catch {
    throw new UsageError(`--timezone ${timeZone}: must be a time zone, such as UTC or Asia/Ho_Chi_Minh.`)
  }
}

function createContext(project: Project, timeZone: string, isDryRun: boolean): ImportContext {
  const { store, hasBuiltInUsers, provider } = project
  return {
    store,
    settings: settingsOf(project),
    hasBuiltInUsers,
    rejectsPasswords: rejectsLegacyHashes(project.config.users),
    userProviderOf: (name) => userProviderOf(project, name),
    subjectOf: (user: UserRef) => subjectOf(user, provider),
    now: systemClock.now(),
    timeZone,
    isDryRun,
    log: createImportLog(),
    emails: new Set(),
  }
}

/** What users of the imported rows would stumble over. */
function missingOptions({ settings, log, rejectsPasswords }: ImportContext): readonly string[] {
  const { report } = log
  const { accessTokens, personalTokens, machineTokens } = report.counts
  const hasTokens = [accessTokens, personalTokens, machineTokens].some(
    ({ imported, existing }) => imported + existing > 0,
  )
  return [
    ...(hasTokens && !settings.passport
      ? ['To accept the imported tokens, set `passport: { publicKey, appKey }` in the configuration.']
      : []),
    ...(report.refreshTokens > 0 && settings.passport && !settings.passport.encryptionKey
      ? ['To accept the imported refresh tokens, set `passport.appKey` in the configuration.']
      : []),
    ...(log.hasLegacySecrets && !settings.passport?.verifyLegacyHash
      ? ['To accept the imported client secrets, which are bcrypt hashes, set `passport.verifyLegacyHash`.']
      : []),
    ...(log.hasLegacyPasswords && rejectsPasswords
      ? ['To let users sign in with their passwords, set `builtInUsers({ verifyLegacyHash })`.']
      : []),
  ]
}

/** What the first pass collects for the second one. */
interface FirstPass {
  readonly clients: Row[]
  /** The clients that have got tokens for themselves. */
  readonly machines: Set<string>
  readonly refreshTokens: Map<string, LiveRefreshToken>
  /** The IDs of built-in users that were imported or there already. */
  readonly users: Set<string>
}

async function importAll(source: PassportSource, usersTable: string, context: ImportContext): Promise<void> {
  const first = await readFirst(source, usersTable, context)
  const clients = new Map<string, ClientOutcome>()
  for (const row of first.clients) {
    const id = row['id'] ?? ''
    const outcome = await importClient(row, first.machines.has(id), context)
    if (outcome) clients.set(id, outcome)
  }
  const tokens = { ...context, ...first, clients, hasUser: createUserCheck(first.users, context) }
  await importTokens(source, tokens)
}

const TABLES = ['oauth_clients', 'oauth_refresh_tokens', 'oauth_access_tokens'] as const

/** Imports the users, and collects what the tokens depend on: in a dump, the tables are in alphabetical order. */
async function readFirst(
  source: PassportSource,
  usersTable: string,
  context: ImportContext,
): Promise<FirstPass> {
  const first: FirstPass = { clients: [], machines: new Set(), refreshTokens: new Map(), users: new Set() }
  const tables = new Set<string>([...TABLES, ...(context.hasBuiltInUsers ? [usersTable] : [])])
  let hasTables = false
  for await (const item of source.read(tables)) {
    hasTables ||= item.table === 'oauth_clients'
    if ('problem' in item) skipUnreadable(item.table, item.problem, usersTable, context)
    else if (item.table === usersTable) {
      if (await importUser(item.row, context)) first.users.add(item.row['id'] ?? '')
    } else collect(item.table, item.row, first, context)
  }
  if (!hasTables)
    throw new CommandError('There are no rows of oauth_clients. Is this the database of Passport?')
  return first
}

function skipUnreadable(table: string, problem: string, usersTable: string, { log }: ImportContext): void {
  if (table === usersTable) log.skip('users', problem)
  else if (table === 'oauth_clients') log.skip('clients', problem)
  // Rows of access tokens are read twice: the second time counts.
}

function collect(table: string, row: Row, first: FirstPass, { timeZone, now }: ImportContext): void {
  if (table === 'oauth_clients') first.clients.push(row)
  else if (table === 'oauth_access_tokens') {
    if ((row['user_id'] ?? null) === null) first.machines.add(row['client_id'] ?? '')
  } else if (!isTrue(row['revoked'])) {
    const expiresAt = timeOf(row, 'expires_at', timeZone) ?? 0
    if (expiresAt > now)
      first.refreshTokens.set(row['access_token_id']?.trim() ?? '', {
        id: row['id']?.trim() ?? '',
        expiresAt,
      })
  }
}

async function importTokens(source: PassportSource, context: TokenContext): Promise<void> {
  const consents = new Map<string, { readonly authorization: Authorization; readonly scopes: Set<string> }>()
  for await (const item of source.read(new Set(['oauth_access_tokens']))) {
    if ('problem' in item) context.log.skip('accessTokens', item.problem)
    else {
      const authorization = await importToken(item.row, context)
      if (authorization) addConsent(consents, authorization)
    }
  }
  for (const { authorization, scopes } of consents.values()) {
    const { provider, userId, clientId } = authorization
    if (!context.isDryRun)
      await context.store.consents.add({ provider, userId }, clientId, [...scopes], context.now)
  }
}

/** Passport remembers consent by its live tokens: a request for no more than their scopes shows no page. */
function addConsent(
  consents: Map<string, { readonly authorization: Authorization; readonly scopes: Set<string> }>,
  authorization: Authorization,
): void {
  const key = JSON.stringify([authorization.provider, authorization.userId, authorization.clientId])
  const consent = consents.get(key) ?? { authorization, scopes: new Set() }
  for (const scope of authorization.scopes) if (scope !== '*') consent.scopes.add(scope)
  consents.set(key, consent)
}

/** Asks the users' own store, once for each user. */
function createUserCheck(
  imported: ReadonlySet<string>,
  { settings, hasBuiltInUsers, userProviderOf }: ImportContext,
): TokenContext['hasUser'] {
  const known = new Map<string, boolean>()
  return async ({ provider, userId }) => {
    if (hasBuiltInUsers && provider === settings.provider && imported.size > 0) return imported.has(userId)
    const key = `${provider} ${userId}`
    const found = known.get(key) ?? Boolean(await userProviderOf(provider).find(userId))
    known.set(key, found)
    return found
  }
}
