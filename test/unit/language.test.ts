import { expect, test } from 'vitest'
import {
  canonicalLanguage,
  createLocalizedTexts,
  createTextLookup,
  preferredLanguages,
} from '../../src/lib/language.ts'

/** 35 characters. */
const LONGEST = `en-${'a'.repeat(8)}-${'b'.repeat(8)}-${'c'.repeat(8)}-ddddd`

test.each([
  ['', 'de', ['de']],
  ['', 'da, en-gb;q=0.8, en;q=0.7', ['da', 'en-GB', 'en']],
  ['', 'en;q=0.7,de;q=0.8,da', ['da', 'de', 'en']],
  ['', 'de , vi ; q=0.5 ,fr;q=0.5', ['de', 'vi', 'fr']],
  ['vi fr-CA', 'de', ['vi', 'fr-CA', 'de']],
  ['', 'vi;q=0, de;q=0.000, en;q=0.001', ['en']],
  ['', '*, en;q=0.5', ['en']],
  ['', 'zh-hant-hk', ['zh-Hant-HK']],
  ['', 'iw', ['he']],
  ['und', 'und-Latn, vi', ['vi']],
  ['', '', []],
  [' ', ' , ,', []],
  ['de,vi', 'a_b, en;q=2, fr;q=x, de;q=0.1234, vi-, -, 1, x', []],
  ['', 'constructor, __proto__, en', ['en']],
  ['', `${LONGEST}, de`, [LONGEST, 'de']],
  ['', `${LONGEST}d, de`, ['de']],
])('ui_locales %j and Accept-Language %j ask for %j', (uiLocales, acceptLanguage, languages) => {
  expect(preferredLanguages(uiLocales, acceptLanguage)).toEqual(languages)
})

test('only the first ten languages of each count', () => {
  const tags = Array.from({ length: 500 }, (_, index) => `en-a-bcd${index}`)
  expect(preferredLanguages(tags.join(' '), tags.join(','))).toHaveLength(20)
})

test('a malformed tag has no canonical form', () => {
  for (const tag of ['', 'a', 'a_b', 'en US', 'x-private', '*', 'é', 'englishlanguage'])
    expect(canonicalLanguage(tag)).toBeUndefined()
})

const texts = createLocalizedTexts([
  ['vi', 'Vietnamese'],
  ['en', 'English'],
  ['zh-Hans', 'Simplified'],
  ['zh-Hant', 'Traditional'],
  ['pt-BR', 'Brazilian'],
  ['de', 'German'],
  ['de-AT', 'Austrian'],
  ['sr-Cyrl', 'Serbian'],
])

test.each([
  [['vi'], 'vi'],
  [['vi-VN'], 'vi'],
  [['vi-VN-u-ca-buddhist'], 'vi'],
  [['de-AT-1996'], 'de-AT'],
  [['de-x-at'], 'de'],
  [['VI-vn'], 'vi'],
  [['de-AT'], 'de-AT'],
  [['de-CH'], 'de'],
  [['zh-TW'], 'zh-Hant'],
  [['zh-Hant-HK'], 'zh-Hant'],
  [['zh-HK', 'en'], 'zh-Hant'],
  [['zh-CN'], 'zh-Hans'],
  [['zh-SG'], 'zh-Hans'],
  [['zh'], 'zh-Hans'],
  [['pt'], 'pt-BR'],
  [['pt-PT'], 'pt-BR'],
  [['sr-Latn'], 'sr-Cyrl'],
  [['fr', 'vi', 'de'], 'vi'],
  [['en-GB', 'vi'], 'en'],
  [['fr'], 'en'],
  [[], 'en'],
])('for %j, the text in %s is chosen', (languages, lang) => {
  expect(createTextLookup(languages)(texts).lang).toBe(lang)
})

test.each([
  [['vi', 'de'], 'vi'],
  [['vi', 'en-US'], 'en-US'],
  [['en-GB', 'en', 'vi'], 'en'],
])('of texts in %j, others read the one in %s', (given, lang) => {
  const others = createLocalizedTexts(given.map((tag) => [tag, tag]))
  expect(createTextLookup(['fr'])(others).lang).toBe(lang)
})
