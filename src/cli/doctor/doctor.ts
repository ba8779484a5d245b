import { ConfigError } from '../../errors.ts'
import { CommandError } from '../errors.ts'
import { bold, dim, print, printJson } from '../output.ts'
import { withProject } from '../project.ts'
import { checkKeyAge } from './key-age.ts'
import { checkClock } from './clock.ts'
import { checkConfiguration } from './configuration.ts'
import { checkDatabase } from './database.ts'
import { checkDisk } from './disk.ts'
import { problem, reasonOf, type Finding } from './finding.ts'
import { checkFingerprint } from './fingerprint.ts'
import { checkIssuer } from './issuer.ts'
import { checkPermissions } from './permissions.ts'
import { checkNode } from './node.ts'
import { createCheckContext, type CheckContext } from './context.ts'
import { checkProxy } from './proxy.ts'
import { reachIssuer } from './reach.ts'
import { checkSecrets } from './secrets.ts'

/** The flags of `consulate doctor`. */
export interface DoctorOptions {
  readonly json?: boolean
}

type Named = Finding & { readonly check: string }

/** `consulate doctor`: looks for what is wrong and says how to mend it. Throws `CommandError` where something must be. */
export async function doctor({ json = false }: DoctorOptions): Promise<void> {
  const findings = await examine()
  const count = findings.filter(({ level }) => level === 'problem').length
  if (json) printJson({ isWell: count === 0, findings: findings.map(findingJson) })
  else print(...findings.flatMap(findingLines))
  if (count > 0) throw new CommandError(`${count === 1 ? 'one thing' : `${count} things`} must be mended`)
}

/** What cannot even be loaded is the only finding then. */
async function examine(): Promise<readonly Named[]> {
  const node = await seen('node', () => checkNode())
  try {
    return [...node, ...(await withProject(async (project) => look(await createCheckContext(project))))]
  } catch (cause) {
    const mend = 'change the configuration file, or the environment'
    const problems =
      cause instanceof ConfigError
        ? cause.problems.map(({ path, message }) => `${path}: ${message}`)
        : [reasonOf(cause)]
    return [...node, ...(await seen('configuration', () => problems.map((text) => problem(text, mend))))]
  }
}

/** The file is looked at before the store opens it and puts it right. */
async function look(context: CheckContext): Promise<readonly Named[]> {
  const reached = await reachIssuer(context)
  return [
    ...(await seen('configuration', () => checkConfiguration(context))),
    ...(await seen('issuer', () => [...checkIssuer(context), ...reached.findings])),
    ...(await seen('proxy', () => checkProxy(context))),
    ...(await seen('secrets', () => checkSecrets(context))),
    ...(await seen('disk', () => checkDisk(context))),
    ...(await seen('database', () => checkDatabase(context))),
    ...(await seen('keys', () => checkKeyAge(context))),
    ...(await seen('fingerprint', () => checkFingerprint(context))),
    ...(await seen('modes', () => checkPermissions(context))),
    ...(await seen('clock', () => checkClock(context, reached))),
  ]
}

/** A check that fails itself has found something too. */
async function seen(
  check: string,
  work: () => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<readonly Named[]> {
  try {
    return (await work()).map((finding) => ({ check, ...finding }))
  } catch (cause) {
    return [
      { check, ...problem(`this could not be looked at: ${reasonOf(cause)}`, 'mend what stands above') },
    ]
  }
}

const findingJson = ({ check, level, text, fix }: Named): Readonly<Record<string, unknown>> => ({
  check,
  level,
  text,
  fix: fix ?? null,
})

const findingLines = ({ check, level, text, fix }: Named): readonly string[] => {
  const line = `  ${level.padEnd(7)}  ${check.padEnd(13)}  ${text}`
  return [level === 'ok' ? dim(line) : bold(line), ...(fix === undefined ? [] : [`${' '.repeat(26)}${fix}`])]
}
