import { askText, choose, chooseMany } from '../prompts.ts'
import { APPS } from './apps.ts'
import {
  DEFAULTS,
  FRAMEWORKS,
  GRANTS,
  namesOf,
  parseScopeFlags,
  scopeFlagProblem,
  USER_SOURCES,
  type Choices,
  type Framework,
  type Language,
  type Scopes,
} from './choices.ts'

/** Asks for what the flags leave out. The framework that the project uses is the first option. */
export async function askForChoices(given: Partial<Choices>, used: Framework): Promise<Choices> {
  const framework = given.framework ?? (await choose('Framework', frameworkChoices(used)))
  const language = given.language ?? (await askLanguage(framework))
  const users = given.users ?? (await choose('Users', userChoices))
  const grants = given.grants ?? (await askGrants())
  const scopes = given.scopes ?? (await askScopes())
  return { framework, language, users, grants, scopes }
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
