import { describe, expect, test } from 'vitest'
import { filesBelow, matching } from './repository.ts'
import { readSources } from './source.ts'
import { misnamed, tooDeep, tooLong, tooLongToShow, undocumented, unwelcome } from './style.ts'

const CODE_FOLDERS = ['src', 'test', 'bench', 'examples', 'bin']

const everything = filesBelow()
const isOfCode = (path: string): boolean => CODE_FOLDERS.some((folder) => path.startsWith(`${folder}/`))
const sources = readSources(matching(everything, /^src\/.*\.ts$/))

describe('the style is kept', () => {
  test('every export has a doc comment', () => {
    expect(undocumented(sources)).toEqual([])
  })

  test('there is no any, no enum, no namespace, no class but errors and no default export', () => {
    expect(unwelcome(sources)).toEqual([])
  })

  test('no source file is over 300 lines', () => {
    expect(tooLong(sources)).toEqual([])
  })

  test('no example is over 60 lines', () => {
    expect(tooLongToShow(matching(everything, /^examples\/.*\.ts$/))).toEqual([])
  })

  test('folders are at most two deep below src', () => {
    expect(tooDeep(Object.keys(everything))).toEqual([])
  })

  test('names of code are kebab-case and do not repeat their folder', () => {
    expect(misnamed(Object.keys(everything).filter(isOfCode))).toEqual([])
  })
})

describe('the checks see what they are for', () => {
  const read = (text: string): ReturnType<typeof readSources> => readSources({ 'src/a.ts': text })

  test.each([
    'export const a = 1',
    'export function a() {}',
    'export interface a {}',
    'export type a = 1',
    'export class a extends Error {}',
    'const a = 1\nexport { a }',
    'const a = 1\nexport { a as b }',
    '// a line is no doc comment\nexport const a = 1',
    '/* nor is a plain block */\nexport const a = 1',
  ])('an export without a doc comment is found: %s', (text) => {
    expect(undocumented(read(text))).toEqual(['src/a.ts: a'])
  })

  test.each([
    '/** A. */\nexport const a = 1',
    'const a = 1',
    '/** A. */\nexport function a(b: 1): 1\nexport function a(b: number) { return b }',
    `export { a } from './b.ts'`,
    '/** A. */\nconst a = 1\nexport { a }',
  ])('what is documented, or not exported, is left in peace: %s', (text) => {
    expect(undocumented(read(text))).toEqual([])
  })

  test.each([
    ['const a: any = 1', 'any'],
    ['type A = Promise<any>', 'any'],
    ['const a = (b as any).c', 'any'],
    ['enum A {}', 'enum A'],
    ['namespace A {}', 'namespace A'],
    ['class A {}', 'class A'],
    ['class A extends Base {}', 'class A'],
    ['export default 1', 'export default'],
    ['export default function a() {}', 'export default'],
    ['const a = 1\nexport { a as default }', 'export default'],
  ])('what the house does without is found: %s', (text, name) => {
    expect(unwelcome(read(text))).toEqual([`src/a.ts: ${name}`])
  })

  test.each([
    `const any = 'any: any' // any`,
    'class LostError extends Error {}',
    'class LostError extends OAuthError {}',
    'declare global { namespace Express { interface Request {} } }',
    `declare module 'fastify' { interface FastifyRequest {} }`,
  ])('what only looks like it is left in peace: %s', (text) => {
    expect(unwelcome(read(text))).toEqual([])
  })

  test('a file of 301 lines is found and one of 300 is not', () => {
    expect(tooLong(read('\n'.repeat(299) + 'const a = 1\n'))).toEqual([])
    expect(tooLong(read('\n'.repeat(300) + 'const a = 1\n'))).toEqual(['src/a.ts: 301 lines'])
  })

  test('an example of 61 lines is found and one of 60 is not', () => {
    const example = (lines: number): Record<string, string> => ({ 'examples/a.ts': 'a()\n'.repeat(lines) })
    expect(tooLongToShow(example(60))).toEqual([])
    expect(tooLongToShow(example(61))).toEqual(['examples/a.ts: 61 lines'])
  })

  test('a third folder below src is found', () => {
    expect(tooDeep(['src/a/b/c.ts', 'src/a/b/c/d.ts'])).toEqual(['src/a/b/c/d.ts'])
  })

  test.each([
    'src/redirectUri.ts',
    'src/Redirect.ts',
    'src/redirect_uri.ts',
    'src/grants/password-grant.ts',
    'src/aB/c.ts',
  ])('a bad name is found: %s', (path) => {
    expect(misnamed([path])).toEqual([path])
  })

  test.each([
    'src/redirect-uri.ts',
    'test/types/auth.test-d.ts',
    'src/grants/password.ts',
    'src/sessions/sessions.ts',
  ])('a good name is left in peace: %s', (path) => {
    expect(misnamed([path])).toEqual([])
  })
})
