import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bold, dim, fields, wrap } from '../output.ts'
import { apiOf } from './api.ts'
import { APPS } from './apps.ts'
import { DATABASES, hasPages, type Choices } from './choices.ts'
import type { Extension } from './code.ts'
import { namesDatabase, type Answers } from './database.ts'
import { tsconfigFor } from './files.ts'
import type { Folder } from './folder.ts'
import { packagesFor, scriptsOf } from './manifest.ts'
import { FIRST_USER } from './users-template.ts'

/** Returns the commands to run next, with what each is for. */
export function nextSteps(choices: Answers, folder: Folder, extension: Extension): readonly string[] {
  const app = APPS[choices.framework]
  const { packages, tools } = packagesFor(app, choices)
  const isMissing = [...packages, ...tools].some(
    (name) => !existsSync(join(folder.path, 'node_modules', name)),
  )
  const needsUser = choices.users === 'built-in' && hasPages(choices)
  const scripts = scriptsOf(app, extension)
  const isCompiled = scripts['dev']?.startsWith('tsc ')
  const command = (name: string): string =>
    isKept(folder, name, scripts) ? (scripts[name] ?? '') : `npm run ${name}`
  return [
    bold('Next'),
    ...fields([
      [
        'edit .env',
        needsUrl(choices, folder)
          ? `set DATABASE_URL to that of your ${DATABASES[choices.database].label}`
          : '',
      ],
      ['npm install', isMissing ? 'install what package.json lists now' : ''],
      [command('dev'), 'run the app on http://127.0.0.1:3000'],
      ['npx tsc --watch', isCompiled ? 'compile each change, in a second terminal' : ''],
      [command('doctor').replace(/^consulate/, 'npx consulate'), 'check the setup'],
      ['npx consulate user create', needsUser ? 'create a user to sign in as' : ''],
      ['npx consulate client create', `register a client that calls ${apiOf(choices).path}`],
    ]),
    ...noteOnUser(choices, extension),
    ...noteOnTsconfig(choices, folder),
  ]
}

/** Returns whether .env now has the URL of an example. */
const needsUrl = ({ database, url }: Answers, { environment }: Folder): boolean =>
  database !== 'sqlite' && url === undefined && !process.env['DATABASE_URL'] && !namesDatabase(environment)

/** The user that `users.ts` comes with. */
function noteOnUser(choices: Choices, extension: Extension): readonly string[] {
  if (choices.users === 'built-in' || !hasPages(choices)) return []
  const { email, password } = FIRST_USER
  const text = `Sign in as ${email} with the password "${password}", until you change users.${extension}.`
  return ['', ...wrap(text)]
}

/** A script of the user keeps its name, so ours is not there. */
const isKept = (
  { manifest: { scripts = {} } }: Folder,
  name: string,
  ours: Readonly<Record<string, string>>,
) => scripts[name] !== undefined && scripts[name] !== ours[name]

function noteOnTsconfig({ language, framework }: Choices, { tsconfig }: Folder): readonly string[] {
  const expected = tsconfigFor(APPS[framework])
  if (language === 'javascript' || tsconfig === undefined || tsconfig === expected) return []
  return [
    '',
    ...wrap(TSCONFIG_NOTE).map((line) => dim(line)),
    ...expected
      .trimEnd()
      .split('\n')
      .map((line) => dim(line)),
  ]
}

const TSCONFIG_NOTE = 'tsconfig.json was kept. The new files compile with these options:'
