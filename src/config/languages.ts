import type { ConfigProblem } from '../errors.ts'
import { canonicalLanguage } from '../lib/language.ts'
import { builtInMessages } from '../pages/messages.ts'

/** The languages of the pages, unchecked. */
interface GivenLanguages {
  readonly messages?: unknown
  readonly languages?: unknown
  readonly language?: unknown
}

/** Returns what is wrong with the languages of the pages. */
export function languageProblems({
  messages = {},
  languages,
  language,
}: GivenLanguages): readonly ConfigProblem[] {
  if (!isObject(messages)) return [{ path: 'messages', message: 'must be an object, such as { de }' }]
  const available = [...new Set([...Object.keys(builtInMessages), ...Object.keys(messages)])]
  const list = listProblem(languages, available)
  const choice =
    list === undefined && Array.isArray(languages) ? (languages as readonly unknown[]) : available
  return [
    ...(list === undefined ? [] : [{ path: 'languages', message: list }]),
    ...(language === undefined || choice.includes(language)
      ? []
      : [{ path: 'language', message: `must be one of: ${choice.join(', ')}` }]),
    ...Object.entries(messages).flatMap(([tag, texts]) => [
      ...tagProblems(tag),
      ...textProblems(texts, builtInMessages.en, `messages.${tag}`),
    ]),
  ]
}

function listProblem(languages: unknown, available: readonly unknown[]): string | undefined {
  if (languages === undefined) return undefined
  if (!Array.isArray(languages) || languages.length === 0) return "must be a list, such as ['en', 'vi']"
  const isAvailable = (language: unknown): boolean => available.includes(language)
  return languages.every(isAvailable) ? undefined : `must contain only: ${available.join(', ')}`
}

function tagProblems(tag: string): readonly ConfigProblem[] {
  const canonical = canonicalLanguage(tag)
  if (canonical === tag) return []
  const message =
    canonical === undefined ? 'is not a language tag, such as de or pt-BR' : `must be ${canonical}`
  return [{ path: `messages.${tag}`, message }]
}

/** Names the texts that a language lacks, in comparison with English. */
function textProblems(given: unknown, english: unknown, path: string): readonly ConfigProblem[] {
  if (english === undefined) return []
  if (given === undefined) return [{ path, message: 'is missing' }]
  if (typeof given !== typeof english || given === null)
    return [{ path, message: `must be ${ARTICLES[typeof english] ?? typeof english}` }]
  if (!isObject(english) || !isObject(given)) return []
  return Object.entries(english).flatMap(([key, part]) =>
    textProblems(Reflect.get(given, key), part, `${path}.${key}`),
  )
}

const ARTICLES: Readonly<Record<string, string>> = {
  object: 'an object',
  function: 'a function',
  string: 'a string',
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
