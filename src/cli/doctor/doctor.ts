import { existsSync } from 'node:fs'
import { ConfigError } from '../../errors.ts'
import { CommandError, printable } from '../errors.ts'
import { green, print, printJson, red, wrapAfter, yellow, type Style } from '../output.ts'
import { databaseExists, withProject } from '../project.ts'
import { checkClients } from './clients.ts'
import { checkClock } from './clock.ts'
import { checkConfiguration } from './configuration.ts'
import { createCheckContext, type CheckContext } from './context.ts'
import { checkDatabase } from './database.ts'
import { checkDisk } from './disk.ts'
import { problem, reasonOf, type Finding, type Level } from './finding.ts'
import { checkIssuer, requestMetadata } from './issuer.ts'
import { checkKeyAge } from './key-age.ts'
import { checkNode } from './node.ts'
import { checkPermissions } from './permissions.ts'
import { checkProxy } from './proxy.ts'
import { checkFingerprint, checkSecrets } from './secrets.ts'

/** The flags of `consulate doctor`. */
export interface DoctorOptions {
  readonly json?: boolean
}

type CheckResult = Finding & { readonly check: string }

/** `consulate doctor`: checks the server and says how to fix what it finds. Throws `CommandError` if there is a problem. */
export async function doctor({ json = false }: DoctorOptions): Promise<void> {
  const results = await runChecks()
  const count = results.filter(({ level }) => level === 'problem').length
  if (json) printJson({ ok: count === 0, findings: results.map(toJson) })
  else print(...results.flatMap(toLines), '')
  if (count > 0) throw new CommandError(`${quantity(count, 'problem')} found.`)
  const warnings = results.filter(({ level }) => level === 'warning').length
  if (!json) print(`No problems found${warnings === 0 ? '' : `, but ${quantity(warnings, 'warning')}`}.`)
}

const quantity = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** If the configuration cannot be loaded, that is the only finding. */
async function runChecks(): Promise<readonly CheckResult[]> {
  const node = await check('node', () => checkNode())
  try {
    return [
      ...node,
      ...(await withProject(async (project) => checkProject(await createCheckContext(project)))),
    ]
  } catch (cause) {
    const fix = 'Change the configuration file or the environment variables.'
    const problems =
      cause instanceof ConfigError
        ? cause.problems.map(({ path, message }) => `${path}: ${message}`)
        : [reasonOf(cause).replace(/\.$/, '')]
    return [...node, ...(await check('configuration', () => problems.map((text) => problem(text, fix))))]
  }
}

/** The disk is checked before anything opens the store, which sets the file's mode. */
async function checkProject(context: CheckContext): Promise<readonly CheckResult[]> {
  const issuer = await requestMetadata(context)
  const { isConfigured } = context
  // An app that keeps its settings in its own code may also keep secrets and database elsewhere.
  const hasSecrets = isConfigured || existsSync(context.secrets.directory ?? '')
  const hasDatabase = isConfigured || databaseExists(context)
  return [
    ...(await check('configuration', () => checkConfiguration(context))),
    ...(await check('issuer', () => checkIssuer(context, issuer))),
    ...(await check('proxy', () => checkProxy(context))),
    ...(hasDatabase ? await check('disk', () => checkDisk(context)) : []),
    ...(hasDatabase ? await check('database', () => checkDatabase(context)) : []),
    ...(hasDatabase ? await check('clients', () => checkClients(context)) : []),
    ...(hasSecrets ? await check('secrets', () => checkSecrets(context)) : []),
    ...(hasSecrets ? await check('keys', () => checkKeyAge(context)) : []),
    ...(hasDatabase ? await check('fingerprint', () => checkFingerprint(context)) : []),
    ...(await check('permissions', () => checkPermissions(context))),
    ...(await check('clock', () => checkClock(context, issuer))),
  ]
}

/** Runs one check. If it throws, that is a problem too. */
async function check(
  name: string,
  work: () => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<readonly CheckResult[]> {
  try {
    return (await work()).map((finding) => ({ check: name, ...finding }))
  } catch (cause) {
    const failure = problem(`could not be checked: ${reasonOf(cause)}`, 'Fix the problems above first.')
    return [{ check: name, ...failure }]
  }
}

const toJson = ({ check: name, level, message, fix }: CheckResult): Readonly<Record<string, unknown>> => ({
  check: name,
  level,
  message,
  fix: fix ?? null,
})

const MARKS: Readonly<Record<Level, readonly [mark: string, style: Style]>> = {
  ok: ['✓', green],
  warning: ['!', yellow],
  problem: ['✗', red],
}

function toLines({ check: name, level, message, fix }: CheckResult): readonly string[] {
  const [mark, style] = MARKS[level]
  const sentence = `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${message}${fix === undefined ? '' : '.'}`
  return [
    ...wrapAfter(`${style(mark)} `, printable(sentence)),
    ...(fix === undefined ? [] : wrapAfter('  ', printable(fix))),
  ]
}
