import { describe, expect, test } from 'vitest'
import { contrast, isHexColor, parseHexColor, toHexColor } from '../../src/pages/color.ts'
import { GROUNDS, paletteOf } from '../../src/pages/palette.ts'
import { createPages } from '../../src/pages/render.ts'
import { createRandom } from '../fuzz/random.ts'

const random = createRandom(7)
const EXTREMES = [
  '#000',
  '#fff',
  '#777',
  '#767676',
  '#ff0',
  '#0f0',
  '#00f',
  '#f00',
  '#0ff',
  '#f0f',
  '#ffd400',
  '#0a1a3f',
]
const RANDOM = Array.from(
  { length: 2_000 },
  () => `#${random.below(0x1000000).toString(16).padStart(6, '0')}`,
)

const parse = (hex: string) => parseHexColor(hex, [1, 1, 1])
const ratio = (one: string, other: string): number => contrast(parse(one), parse(other))
const lowest = (color: string, scheme: 'light' | 'dark'): number =>
  Math.min(...Object.values(GROUNDS[scheme]).map((ground) => ratio(color, ground)))

describe.each(['light', 'dark'] as const)('any accent, in the %s scheme,', (scheme) => {
  const palettes = [...EXTREMES, ...RANDOM].map((accent) => ({ given: accent, ...paletteOf(accent, scheme) }))
  const below = (minimum: number, measure: (palette: (typeof palettes)[number]) => number) =>
    palettes.filter((palette) => measure(palette) < minimum)

  test('has readable text on the main button, hovered or not', () => {
    expect(below(4.5, ({ accent, onAccent }) => ratio(accent, onAccent))).toEqual([])
    expect(below(4.5, ({ accentHover, onAccent }) => ratio(accentHover, onAccent))).toEqual([])
  })

  test('gives readable links on every ground', () => {
    expect(below(4.5, ({ link }) => lowest(link, scheme))).toEqual([])
  })

  test('gives borders and focus rings that can be seen on every ground', () => {
    expect(below(3, ({ edge }) => lowest(edge, scheme))).toEqual([])
  })

  test('changes the main button when it is hovered', () => {
    expect(below(1.1, ({ accent, accentHover }) => ratio(accent, accentHover))).toEqual([])
  })
})

test('the main button keeps the accent, unless it is too dark for the dark scheme', () => {
  expect(paletteOf('#ffd400', 'light')).toMatchObject({ accent: '#ffd400', onAccent: '#000000' })
  expect(paletteOf('#0a1a3f', 'light')).toMatchObject({
    accent: '#0a1a3f',
    onAccent: '#ffffff',
    link: '#0a1a3f',
  })
  expect(ratio(paletteOf('#0a1a3f', 'dark').accent, GROUNDS.dark.card)).toBeGreaterThan(3)
})

test('shades keep the hue of the accent', () => {
  const { link } = paletteOf('#ffd400', 'light')
  const [red, green, blue] = parse(link)
  expect(red).toBeGreaterThan(green)
  expect(green).toBeGreaterThan(blue * 2)
})

test('contrast is that of WCAG', () => {
  expect(ratio('#000', '#fff')).toBeCloseTo(21, 5)
  expect(ratio('#777', '#fff')).toBeCloseTo(4.478, 3)
  expect(ratio('#123456', '#123456')).toBe(1)
})

describe('hex colors', () => {
  test.each([
    ['#abc', '#aabbcc'],
    ['#AABBCC', '#aabbcc'],
    ['#0000', '#ffffff'],
    ['#00000080', '#7f7f7f'],
    ['#f008', '#ff7777'],
  ])('%s on white is %s', (hex, shown) => expect(toHexColor(parse(hex))).toBe(shown))

  test.each([
    'red',
    '#ab',
    '#abcde',
    '#abcdefa',
    'abc',
    '#ggg',
    '#fff;}body{display:none',
    '#fff\n',
    '',
    'rgb(0,0,0)',
  ])('%j is none', (text) => expect(isHexColor(text)).toBe(false))
})

test('nothing of an accent reaches the style sheet but the colors derived from it', async () => {
  const { body } = await createPages({ name: 'Orchard', accent: '#ABCDEF' }).render('signedOut', {
    signInUrl: '/',
  })
  expect(body).toContain('--accent: #abcdef;')
  expect(body).not.toContain('#ABCDEF')
})
