import { askText, choose, chooseMany } from '../prompts.ts'
import { APPS } from './apps.ts'
import { exampleUrl, urlProblem, type Answers } from './database.ts'
import {
  DATABASES,
  DEFAULTS,
  FRAMEWORKS,
  GRANTS,
  namesOf,
  parseScopeFlags,
  scopeFlagProblem,
  USER_SOURCES,
  type Choices,
  type Database,
  type Framework,
  type Language,
  type Scopes,
} from './choices.ts'

/** Asks for what the flags leave out. The framework that the project uses is the first option. */
export async function askForChoices(given: Partial<Answers>, used: Framework): Promise<Answers> {
  const framework = given.framework ?? (await choose('Framework', frameworkChoices(used)))
  const language = given.language ?? (await askLanguage(framework))
  const users = given.users ?? (await choose('Users', userChoices))
  const database = given.database ?? (await choose('Database', databaseChoices))
  const url = given.url ?? (given.database ? undefined : await askUrl(database))
  const grants = given.grants ?? (await askGrants())
  const scopes = given.scopes ?? (await askScopes())
  return { framework, language, users, database, grants, scopes, ...(url !== undefined && { url }) }
}

const frameworkChoices = (first: Framework) =>
  [...new Set([first, ...namesOf(FRAMEWORKS)])].map((value) => ({ value, label: FRAMEWORKS[value] }))

const askLanguage = async (framework: Framework): Promise<Language> =>
  APPS[framework].isTypeScriptOnly ? 'typescript' : choose('Language', LANGUAGES)

const LANGUAGES = [
  { value: 'typescript', label: 'TypeScript' },
  { value: 'javascript', label: 'JavaScript' },
] as const

const userChoices = namesOf(USER_SOURCES).map((value) => ({ value, ...USER_SOURCES[value] }))

const databaseChoices = namesOf(DATABASES).map((value) => ({ value, ...DATABASES[value] }))

/** Returns undefined if there is none, or if it stays as it is in the example. */
async function askUrl(database: Database): Promise<string | undefined> {
  if (database === 'sqlite' || process.env['DATABASE_URL']) return undefined
  const example = exampleUrl(database)
  const problem = (answer: string): string | undefined => urlProblem(database, answer)
  const url = await askText('Database URL, to be kept in .env', problem, example)
  return url === example ? undefined : url
}

const askGrants = (): Promise<Choices['grants']> =>
  chooseMany(
    'Who gets tokens?',
    namesOf(GRANTS).map((value) => {
      const { purpose, hint } = GRANTS[value]
      return { value, label: `${value}: ${purpose}`, hint }
    }),
    DEFAULTS.grants,
  )

async function askScopes(): Promise<Scopes> {
  const initial = Object.entries(DEFAULTS.scopes).map((entry) => entry.join('='))
  const answer = await askText('Scopes, and what users read about each', problemOf, initial.join('; '))
  return parseScopeFlags(entriesOf(answer))
}

function problemOf(answer: string): string | undefined {
  const entries = entriesOf(answer)
  if (entries.length === 0) return 'Enter at least one scope and its description.'
  const problem = entries.map(scopeFlagProblem).find((text) => text !== undefined)
  return problem && `${problem}.`
}

const entriesOf = (answer: string): readonly string[] =>
  answer
    .split(';')
    .map((entry) => entry.trim())
    .filter(Boolean)
