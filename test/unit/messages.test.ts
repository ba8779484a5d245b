import { describe, expect, test } from 'vitest'
import { de } from '../../examples/german/messages.ts'
import { html, type Html } from '../../src/lib/html.ts'
import {
  findRedirectUriProblem,
  REDIRECT_URI_PROBLEMS,
  redirectUriProblem,
} from '../../src/model/redirect-uri-problem.ts'
import { builtInMessages, type Messages, type MessagesByLanguage } from '../../src/pages/messages.ts'
import { createFormats } from '../../src/pages/messages/formats.ts'
import { createPages } from '../../src/pages/render.ts'
import type { ViewProps } from '../../src/pages/props.ts'
import { textIn } from '../support/html-form.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'

/** Texts that read the same in English. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  vi: [
    'direction',
    'title',
    'signIn.username.email',
    'password.rejected',
    'newPersonalToken.label',
    'editApp.clientId',
    'appSecret.clientId',
    'appForm.logo',
  ],
  zh: ['direction', 'title'],
  de: [
    'direction',
    'title',
    'password.rejected',
    'error.description',
    'devices.kinds.computer',
    'devices.kinds.tablet',
    'deviceCode.label',
    'personalTokens.name',
    'newPersonalToken.label',
    'appForm.logo',
    'appForm.optional',
  ],
}

const MESSAGES: MessagesByLanguage = { ...builtInMessages, de }

/** What the parameters of the messages are, by name. */
const NUMBERS: ReadonlySet<string> = new Set(['count', 'seconds', 'limit', 'minimum', 'maximum', 'line'])
const PLACEHOLDER = /«\w+»/g

/** Text for a placeholder, as a string and as markup. */
const placeholder = (name: string): Html => Object.assign(html`«${name}»`, { toString: () => `«${name}»` })

function argumentFor(name: string): unknown {
  if (NUMBERS.has(name)) return 86_400
  return name === 'resources' ? [placeholder('first'), placeholder('second')] : placeholder(name)
}

const parametersOf = (message: unknown): readonly string[] =>
  /^\(([^)]*)\)/.exec(String(message))?.[1]?.match(/\w+/g) ?? []

/** Returns all texts of a language by path, with placeholders for what the functions receive. */
function textsOf(value: unknown, english: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'function') {
    const result: unknown = Reflect.apply(value, undefined, parametersOf(english).map(argumentFor))
    return [[path, typeof result === 'string' ? result : (result as Html).markup]]
  }
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([key]) => key !== 'formats')
    .flatMap(([key, part]) =>
      textsOf(part, Reflect.get(english as object, key), path === '' ? key : `${path}.${key}`),
    )
}

const { en } = builtInMessages
const ENGLISH = new Map(textsOf(en, en))

describe.each(Object.entries(SAME))('the messages in %s', (language, same) => {
  const messages = MESSAGES[language] ?? en
  const texts = new Map(textsOf(messages, en))

  test('are complete and translated', () => {
    const untranslated = [...ENGLISH].filter(([path, text]) => (texts.get(path) ?? text) === text)
    expect(untranslated.map(([path]) => path).toSorted()).toEqual([...same].toSorted())
    expect([...texts.keys()].filter((path) => !ENGLISH.has(path))).toEqual(['error.otherReason'])
    expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  test('use every placeholder', () => {
    const used = ([path, text]: readonly [string, string]): string =>
      `${path}: ${[...new Set(text.match(PLACEHOLDER))].toSorted().join(' ')}`
    expect([...texts].filter(([path]) => ENGLISH.has(path)).map(used)).toEqual(
      [...ENGLISH].filter(([path]) => texts.has(path)).map(used),
    )
  })

  test('format durations, dates and lists in their language', () => {
    const { ago, day, minute, list } = messages.formats
    const time = Date.UTC(2026, 10, 22, 14, 3)
    const expected = {
      vi: ['5 phút trước', 'vừa xong', '22 thg 11, 2026', '14:03 UTC 22 thg 11, 2026', 'a và b'],
      de: ['vor 5 Minuten', 'gerade eben', '22. Nov. 2026', '22. Nov. 2026, 14:03 UTC', 'a und b'],
      zh: ['5分钟前', '刚刚', '2026年11月22日', '2026年11月22日 UTC 14:03', 'a和b'],
    }[language]
    const both = list([html`a`, html`b`]).markup
    const recent = messages.devices.ago(59)
    expect([ago(300, ''), recent, day(time), minute(time), both]).toEqual(expected)
  })
})

/** Messages of which every text is a section sign. */
function withoutWords(value: unknown): unknown {
  if (typeof value === 'function') {
    const example: unknown = Reflect.apply(value, undefined, parametersOf(value).map(argumentFor))
    return () => (typeof example === 'string' ? '§' : html`§`)
  }
  if (typeof value === 'string' || value === undefined) return '§'
  return Object.fromEntries(
    Object.entries(value as object).map(([key, part]) => [
      key,
      ['lang', 'direction'].includes(key) ? part : key === 'formats' ? FORMATS : withoutWords(part),
    ]),
  )
}

const FORMATS = { ...createFormats('en'), day: () => '§', minute: () => '§' }

const stringsIn = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value, ...value.split('\n')]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(stringsIn)
      : []

async function render<Name extends keyof ViewProps>(
  view: Name,
  props: ViewProps[Name],
  messages: Messages,
): Promise<string> {
  const { body } = await createPages({ name: '§', messages: { xx: messages }, language: 'xx' }).render(
    view,
    props,
  )
  return body
}

test.each(Object.entries<Sample>(SAMPLES))('every word of "%s" is a message', async (_, [view, props]) => {
  const body = await render(view, props, withoutWords(en) as Messages)
  const attributes = [
    ...body.matchAll(/ (?:aria-label|title|alt|placeholder|data-(?!copies|picks)\w+)="([^"]*)"/g),
  ]
  const words = [textIn(body), ...attributes.map(([, text = '']) => text)]
    .join(' ')
    .split(/[\s()…]+/)
    .filter((word) => /\p{L}/u.test(word))
  const given = stringsIn(props).join(' ').toLowerCase()
  expect(words.filter((word) => !given.includes(word.toLowerCase()))).toEqual([])
})

test.each([
  ['vi', 'Dòng 1 không được có phần sau dấu #.', 'Dòng 2 không được dùng giao thức ws:.'],
  ['zh', '第 1 行不能包含 # 及其后的片段。', '第 2 行不能使用协议 ws:。'],
])('reasons why redirect URIs are rejected are in %s', async (language, first, second) => {
  const [, props] = SAMPLES['registering an app after invalid entries']
  const errors = {
    redirect_uris: [
      { line: 1, reason: redirectUriProblem('https://a.example/#x', 'public') ?? '' },
      { line: 2, reason: redirectUriProblem('ws://a.example/', 'public') ?? '' },
    ],
  }
  const pages = createPages({ name: '§', language })
  const text = textIn(pages.renderBuiltIn('registerApp', { ...props, errors }).body)
  expect([text.includes(first), text.includes(second)]).toEqual([true, true])
})

test('finds the problem of each message about a redirect URI', () => {
  for (const [problem, text] of Object.entries(REDIRECT_URI_PROBLEMS)) {
    const value = text.includes('#') ? 'x' : ''
    expect(findRedirectUriProblem(text.replace('#', 'x'))).toEqual({ problem, value })
  }
  expect(findRedirectUriProblem('is listed twice')).toBeUndefined()
})

test.each([
  ['en', ['1 app', '2 apps', '1,000 apps']],
  ['pl', ['1 few', '2 few', '1000 few']],
])('plural forms of %s', (language, expected) => {
  const { plural } = createFormats(language)
  const forms =
    language === 'en' ? { one: '# app', other: '# apps' } : { one: '# few', few: '# few', other: '# few' }
  expect([1, 2, 1000].map((count) => plural(count, forms))).toEqual(expected)
})
