import type { AppTemplate } from './app-template.ts'
import { APPS } from './apps.ts'
import type { Extension } from './code.ts'
import { configTemplate } from './config-template.ts'
import { exampleUrl, withDatabaseUrl, type Answers } from './database.ts'
import type { Folder } from './folder.ts'
import { updatedIgnores, updatedManifest } from './manifest.ts'
import { signInTemplate } from './sign-in-template.ts'
import { usersTemplate } from './users-template.ts'

/** The files of a project, by path. */
export interface ProjectFiles {
  /** Files that must not replace those of the user. The configuration is first. */
  readonly own: Readonly<Record<string, string>>
  /** Files that may exist and get additions, with their complete new text. */
  readonly shared: Readonly<Record<string, string>>
}

/** Returns what must be written for these choices into a folder. */
export function projectFiles(choices: Answers, folder: Folder, extension: Extension): ProjectFiles {
  const { language, framework, users, database, url } = choices
  const app = APPS[framework]
  const isTypeScript = language === 'typescript'
  return {
    own: {
      [`consulate.config.${extension}`]: configTemplate(choices, extension),
      ...(users !== 'built-in' && { [`users.${extension}`]: usersTemplate(choices) }),
      ...(users === 'app-session' && {
        [`sign-in.${extension}`]: signInTemplate(app.requests ?? 'node', extension),
      }),
      ...app.files(choices, extension),
    },
    shared: {
      'package.json': updatedManifest(folder, app, extension, choices),
      '.gitignore': updatedIgnores(folder.ignores, [
        ...(app.ignores ?? []),
        ...(database === 'sqlite' ? [] : ['.env']),
      ]),
      ...(database !== 'sqlite' &&
        (url !== undefined || !process.env['DATABASE_URL']) && {
          '.env': withDatabaseUrl(folder.environment, url ?? exampleUrl(database)),
        }),
      ...(isTypeScript && folder.tsconfig === undefined && { 'tsconfig.json': tsconfigFor(app) }),
    },
  }
}

/** Returns the text of tsconfig.json. */
export const tsconfigFor = ({ tsconfig = TSCONFIG }: AppTemplate): string => tsconfig

/** Options under which Node runs the files as they are. */
const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  }
}
`
