import { describe, expect, test } from 'vitest'
import { entriesOf, type Manifest } from './manifest.ts'
import { filesBelow, matching } from './repository.ts'
import { readSources } from './source.ts'
import { banned, misnamed, misnumbered, tooDeep, tooLong, tooLongToShow, undocumented } from './style.ts'

const CODE_FOLDERS = ['src', 'test', 'bench', 'examples', 'bin']

const files = filesBelow()
const isCode = (path: string): boolean => CODE_FOLDERS.some((folder) => path.startsWith(`${folder}/`))
const sources = readSources(matching(files, /^src\/.*\.ts$/))
const entries = entriesOf(JSON.parse(files['package.json'] ?? '') as Manifest)

describe('code style', () => {
  test('every public export has a doc comment', () => {
    expect(entries).toContain('src/index.ts')
    expect(undocumented(sources, entries)).toEqual([])
  })

  test('no any, enums, namespaces, classes other than errors, default exports or star exports', () => {
    expect(banned(sources)).toEqual([])
  })

  test('no source file is over 300 lines', () => {
    expect(tooLong(sources)).toEqual([])
  })

  test('no example is over 60 lines', () => {
    expect(tooLongToShow(matching(files, /^examples\/.*\.ts$/))).toEqual([])
  })

  test('folders are at most two deep below src', () => {
    expect(tooDeep(Object.keys(files))).toEqual([])
  })

  test('file and folder names are kebab-case and do not repeat their folder', () => {
    expect(misnamed(Object.keys(files).filter(isCode))).toEqual([])
  })

  test('each decision has a number of its own, in its name and in its heading', () => {
    expect(misnumbered(matching(files, /^docs\/decisions\/\d.*\.md$/))).toEqual([])
  })
})

describe('the checks detect', () => {
  const read = (text: string): ReturnType<typeof readSources> => readSources({ 'src/a.ts': text })

  test.each([
    'export const a = 1',
    'export function a() {}',
    'export interface a {}',
    'export type a = 1',
    'export class a extends Error {}',
    'const a = 1\nexport { a }',
    'const a = 1\nexport { a as b }',
    '// a line comment is not a doc comment\nexport const a = 1',
    '/* neither is a plain block */\nexport const a = 1',
  ])('an export without a doc comment: %s', (text) => {
    expect(undocumented(read(text), ['src/a.ts'])).toEqual(['src/a.ts: a'])
  })

  test.each([
    '/** A. */\nexport const a = 1',
    'const a = 1',
    '/** A. */\nexport function a(b: 1): 1\nexport function a(b: number) { return b }',
    `export { a } from './b.ts'`,
    '/** A. */\nconst a = 1\nexport { a }',
  ])('nothing if it is documented or not exported: %s', (text) => {
    expect(undocumented(read(text), ['src/a.ts'])).toEqual([])
  })

  test('an undocumented export that an entry point re-exports, directly or through another file', () => {
    const read = readSources({
      'src/index.ts': `export { a } from './b.ts'`,
      'src/b.ts': `export { a } from './c.ts'\nexport const internal = 1`,
      'src/c.ts': 'export const a = 1',
    })
    expect(undocumented(read, ['src/index.ts'])).toEqual(['src/c.ts: a'])
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
    [`export * from './b.ts'`, 'export *'],
  ])('a banned construct: %s', (text, name) => {
    expect(banned(read(text))).toEqual([`src/a.ts: ${name}`])
  })

  test.each([
    `const any = 'any: any' // any`,
    'class LostError extends Error {}',
    'class LostError extends OAuthError {}',
    'declare global { namespace Express { interface Request {} } }',
    `declare module 'fastify' { interface FastifyRequest {} }`,
  ])('nothing in a lookalike: %s', (text) => {
    expect(banned(read(text))).toEqual([])
  })

  test('a source file of 301 lines, but not one of 300', () => {
    expect(tooLong(read('\n'.repeat(299) + 'const a = 1\n'))).toEqual([])
    expect(tooLong(read('\n'.repeat(300) + 'const a = 1\n'))).toEqual(['src/a.ts: 301 lines'])
  })

  test('two decisions with one number, and a heading with another number', () => {
    expect(misnumbered({ 'docs/0001-a.md': '# 1. A', 'docs/0002-b.md': '# 2. B' })).toEqual([])
    const same = { 'docs/0001-a.md': '# 1. A', 'docs/0001-b.md': '# 1. B' }
    expect(misnumbered(same)).toEqual(Object.keys(same))
    expect(misnumbered({ 'docs/0002-a.md': '# 1. A' })).toEqual(['docs/0002-a.md'])
  })

  test('an example of 61 lines, but not one of 60', () => {
    const example = (lines: number): Record<string, string> => ({ 'examples/a.ts': 'a()\n'.repeat(lines) })
    expect(tooLongToShow(example(60))).toEqual([])
    expect(tooLongToShow(example(61))).toEqual(['examples/a.ts: 61 lines'])
  })

  test('a third folder below src', () => {
    expect(tooDeep(['src/a/b/c.ts', 'src/a/b/c/d.ts'])).toEqual(['src/a/b/c/d.ts'])
  })

  test.each([
    'src/redirectUri.ts',
    'src/Redirect.ts',
    'src/redirect_uri.ts',
    'src/grants/password-grant.ts',
    'src/aB/c.ts',
  ])('a bad name: %s', (path) => {
    expect(misnamed([path])).toEqual([path])
  })

  test.each([
    'src/redirect-uri.ts',
    'test/types/auth.test-d.ts',
    'src/grants/password.ts',
    'src/sessions/sessions.ts',
  ])('nothing in a good name: %s', (path) => {
    expect(misnamed([path])).toEqual([])
  })
})
