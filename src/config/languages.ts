import type { ConfigProblem } from '../errors.ts'
import { canonicalLanguage } from '../lib/language.ts'
import { builtInMessages } from '../pages/messages.ts'

/** Returns what is wrong with the languages of the pages. `messages` and `language` are unchecked. */
export function languageProblems({
  messages = {},
  language,
}: {
  readonly messages?: unknown
  readonly language?: unknown
}): readonly ConfigProblem[] {
  if (!isObject(messages)) return [{ path: 'messages', message: 'must be an object, such as { de }' }]
  const available = [...Object.keys(builtInMessages), ...Object.keys(messages)]
  return [
    ...(language === undefined || (available as readonly unknown[]).includes(language)
      ? []
      : [{ path: 'language', message: `must be one of: ${[...new Set(available)].join(', ')}` }]),
    ...Object.entries(messages).flatMap(([tag, texts]) => [
      ...tagProblems(tag),
      ...textProblems(texts, builtInMessages.en, `messages.${tag}`),
    ]),
  ]
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
