import { describe, expect, test } from 'vitest'
import { blocksOf, compileErrors, unusedGivens, unchecked } from './blocks.ts'
import { filesBelow, matching } from './repository.ts'

const blocks = blocksOf(matching(filesBelow(), /^(README|docs\/.*)\.md$/))

describe('code in the docs', () => {
  test('every TypeScript block in the README and the docs compiles', () => {
    expect(compileErrors(blocks)).toEqual([])
  })

  test('no code block is left uncompiled', () => {
    expect(unchecked(blocks)).toEqual([])
  })

  test('a fragment uses all its given names', () => {
    expect(unusedGivens(blocks)).toEqual([])
  })
})

describe('the checks detect', () => {
  const document = (...lines: readonly string[]): ReturnType<typeof blocksOf> =>
    blocksOf({ 'docs/a.md': lines.join('\n') })

  test('a block that does not compile, with its location', () => {
    const errors = compileErrors(document('# A', '', '```ts', 'const a: string = 1', '```'))
    expect(errors).toEqual([`docs/a.md:3: Type 'number' is not assignable to type 'string'.`])
  })

  test('a block with a syntax error', () => {
    expect(compileErrors(document('```ts', 'const = 1', '```'))).not.toEqual([])
  })

  test('a name that a module does not export', () => {
    const errors = compileErrors(document('```ts', `import { ConfigErrer } from '../src/errors.ts'`, '```'))
    expect(errors.join()).toContain(`has no exported member named 'ConfigErrer'`)
  })

  test('an unknown module', () => {
    expect(compileErrors(document('```ts', `import 'consulate/nowhere'`, '```')).join()).toContain(
      'consulate/nowhere',
    )
  })

  test('a name that is neither declared nor given', () => {
    expect(compileErrors(document('```ts', 'app.listen(3000)', '```'))).toEqual([
      `docs/a.md:1: Cannot find name 'app'.`,
    ])
  })

  test('a given name that the prelude does not declare', () => {
    expect(compileErrors(document('```ts', '// given: nonsense', 'nonsense()', '```')).join()).toContain(
      'nonsense',
    )
  })

  test('a name from another block', () => {
    const errors = compileErrors(document('```ts', 'const a = 1', '```', '', '```ts', 'a.toFixed()', '```'))
    expect(errors).toEqual([`docs/a.md:5: Cannot find name 'a'.`])
  })

  test('an unused given name', () => {
    expect(unusedGivens(document('```ts', '// given: app, server', 'app.use()', '```'))).toEqual([
      'docs/a.md:1: server',
    ])
  })

  test.each(['ts ignore', 'ts twoslash', 'typescript', 'js', 'tsx', 'JavaScript'])(
    'a block that would not be compiled: %s',
    (language) => {
      expect(unchecked(document('```' + language, 'a', '```'))).toEqual([`docs/a.md:1: ${language}`])
    },
  )

  test('blocks in lists, with longer fences and in other languages', () => {
    const read = document(
      '- a',
      '  ```ts',
      '  if (1) {',
      '    a',
      '  }',
      '  ```',
      '````md',
      '```ts',
      'x',
      '```',
      '````',
      '~~~sh',
      'ls',
      '~~~',
    )
    expect(read).toEqual([
      { place: 'docs/a.md:2', language: 'ts', text: 'if (1) {\n  a\n}' },
      { place: 'docs/a.md:7', language: 'md', text: '```ts\nx\n```' },
      { place: 'docs/a.md:12', language: 'sh', text: 'ls' },
    ])
  })
})
