import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { secretsFromDirectory } from '../../keys/directory.ts'
import { findConfigFile } from '../config-file.ts'
import { CommandError, UsageError } from '../errors.ts'
import { installationLines, installKeys, installProject } from '../install.ts'
import { isInteractive } from '../interactive.ts'
import { print, printJson } from '../output.ts'
import { withProject } from '../project.ts'
import { APPS, frameworkOf } from './apps.ts'
import { DEFAULTS, FRAMEWORKS, parseScopeFlags, type Framework, type InitFlags } from './choices.ts'
import { extensionOf } from './code.ts'
import { namesAnother, parseDatabaseFlag, type Answers } from './database.ts'
import { projectFiles, type ProjectFiles } from './files.ts'
import { readFolder, readTextIn, type Folder } from './folder.ts'
import { nextSteps } from './next-steps.ts'
import { writeFiles, type FileToWrite } from './write.ts'

/**
 * `consulate init`: writes a project into the working directory, then creates keys and tables. Running it again with the same
 * choices writes what is missing.
 *
 * @throws CommandError before anything is written, if files of the user would be replaced
 */
export async function init(flags: InitFlags): Promise<void> {
  const cwd = process.cwd()
  checkUsage(flags)
  requirePackage(cwd)
  const folder = readFolder(cwd)
  const answers = await answersOf(flags, frameworkOf(folder.manifest))
  const { url, ...choices } = answers
  checkDatabaseUrl(folder, url)
  const extension = extensionOf(
    choices.language,
    folder.isModule || APPS[choices.framework].isBundled === true,
  )
  const files = projectFiles(answers, folder, extension)
  const changes = changesOf(cwd, files)
  checkConflicts(changes, Object.keys(files.own)[0] ?? '', flags)
  await writeFiles(cwd, changes)
  if (!flags.json) print(...changes.map(({ action, path }) => `${action} ${path}`))
  const secrets = secretsFromDirectory('./data/secrets')
  const { algorithm: _algorithm, ...installation } = await (choices.database === 'sqlite'
    ? withProject((project) => installProject(project))
    : installKeys(secrets))
  const written = changes.map(({ path }) => path)
  if (flags.json) return printJson({ ...choices, written, ...installation })
  print(...installationLines(installation, secrets), '', ...nextSteps(answers, folder, extension))
}

/** A URL in .env is kept, and must not be another one than that of the flag. */
function checkDatabaseUrl({ environment }: Folder, url: string | undefined): void {
  if (url !== undefined && namesAnother(environment, url))
    throw new CommandError('.env has another DATABASE_URL. Nothing was changed. Remove that line first.')
}

function checkUsage(flags: InitFlags): void {
  if (process.env['CONSULATE_CONFIG'])
    throw new UsageError(
      '`consulate init` writes a new configuration file. Remove --config or CONSULATE_CONFIG.',
    )
  if (!flags.yes && !isInteractive(flags))
    throw new UsageError('Add --yes to use the defaults for what no flag sets: this command cannot ask here.')
}

/**
 * The files import the package, so nothing would run without it. Looks for the folder: resolving the import would make Node
 * remember the `type` of package.json from before.
 */
function requirePackage(cwd: string): void {
  if (ancestorsOf(cwd).some((path) => existsSync(join(path, 'node_modules/consulate')))) return
  throw new CommandError('The package `consulate` is not installed in this directory. Install it first.')
}

const ancestorsOf = (path: string): readonly string[] =>
  dirname(path) === path ? [path] : [path, ...ancestorsOf(dirname(path))]

async function answersOf(flags: InitFlags, used: Framework): Promise<Answers> {
  const given = {
    ...(flags.framework && { framework: flags.framework }),
    ...(flags.users && { users: flags.users }),
    ...(flags.database !== undefined && parseDatabaseFlag(flags.database)),
    ...(flags.grant && { grants: flags.grant }),
    ...(flags.scope && { scopes: parseScopeFlags(flags.scope) }),
    ...(flags.javascript && { language: 'javascript' as const }),
  }
  const choices = flags.yes ? { ...DEFAULTS, framework: used, ...given } : await ask(given, used)
  const { framework, language } = choices
  if (APPS[framework].isTypeScriptOnly && language === 'javascript')
    throw new UsageError(`--javascript: ${FRAMEWORKS[framework]} needs TypeScript`)
  if (choices.users === 'app-session' && choices.grants.includes('sign_in'))
    throw new UsageError('--grant sign_in: needs users whose passwords the server can check')
  return choices
}

const ask = async (given: Partial<Answers>, used: Framework): Promise<Answers> =>
  (await import('./wizard.ts')).askForChoices(given, used)

/** Throws `CommandError` if a file of the user would be replaced, or if there would be two configuration files. */
function checkConflicts(changes: readonly Change[], config: string, { force = false }: InitFlags): void {
  const other = findConfigFile(process.cwd())
  if (other !== undefined && basename(other) !== config)
    throw new CommandError(`${basename(other)} exists already. Nothing was changed. Move it away first.`)
  const conflicts = changes.filter(({ action }) => action === 'Replaced').map(({ path }) => `  ${path}`)
  if (conflicts.length === 0 || force) return
  throw new CommandError(
    `These files exist already. Nothing was changed.\n${conflicts.join('\n')}\nMove them away, or replace them with --force.`,
  )
}

interface Change extends FileToWrite {
  readonly action: 'Created' | 'Updated' | 'Replaced'
}

/** Returns what differs from what is there. The shared files are first, because package.json decides how others load. */
function changesOf(cwd: string, { own, shared }: ProjectFiles): readonly Change[] {
  return [...Object.entries(shared), ...Object.entries(own)].flatMap(([path, text]) => {
    const before = readTextIn(cwd, path)
    if (before === text) return []
    const action = before === undefined ? 'Created' : path in shared ? 'Updated' : 'Replaced'
    return [{ path, text, action, overwrite: before !== undefined, ...(path === '.env' && { mode: 0o600 }) }]
  })
}
