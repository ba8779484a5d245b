import { describe, expect, test } from 'vitest'
import { blocksOf, compileErrors, needlessGivens, unchecked } from './blocks.ts'
import { filesBelow, matching } from './repository.ts'

const blocks = blocksOf(matching(filesBelow(), /^(README|docs\/.*)\.md$/))

describe('what the documents show works', () => {
  test('every TypeScript block of the README and the documents compiles', () => {
    expect(compileErrors(blocks)).toEqual([])
  })

  test('no code block escapes the compiler', () => {
    expect(unchecked(blocks)).toEqual([])
  })

  test('a fragment uses what it takes for granted', () => {
    expect(needlessGivens(blocks)).toEqual([])
  })
})

describe('the checks see what they are for', () => {
  const document = (...lines: readonly string[]): ReturnType<typeof blocksOf> =>
    blocksOf({ 'docs/a.md': lines.join('\n') })

  test('a block that does not compile is found, at its place', () => {
    const errors = compileErrors(document('# A', '', '```ts', 'const a: string = 1', '```'))
    expect(errors).toEqual([`docs/a.md:3: Type 'number' is not assignable to type 'string'.`])
  })

  test('a block that does not parse is found', () => {
    expect(compileErrors(document('```ts', 'const = 1', '```'))).not.toEqual([])
  })

  test('a name that the package does not export is found', () => {
    const errors = compileErrors(document('```ts', `import { ConfigErrer } from '../src/errors.ts'`, '```'))
    expect(errors.join()).toContain(`has no exported member named 'ConfigErrer'`)
  })

  test('a module that is not there is found', () => {
    expect(compileErrors(document('```ts', `import 'consulate/nowhere'`, '```')).join()).toContain(
      'consulate/nowhere',
    )
  })

  test('a name that was neither declared nor given is found', () => {
    expect(compileErrors(document('```ts', 'app.listen(3000)', '```'))).toEqual([
      `docs/a.md:1: Cannot find name 'app'.`,
    ])
  })

  test('a given that the prelude does not declare is found', () => {
    expect(compileErrors(document('```ts', '// given: nonsense', 'nonsense()', '```')).join()).toContain(
      'nonsense',
    )
  })

  test('blocks know nothing of one another', () => {
    const errors = compileErrors(document('```ts', 'const a = 1', '```', '', '```ts', 'a.toFixed()', '```'))
    expect(errors).toEqual([`docs/a.md:5: Cannot find name 'a'.`])
  })

  test('a given that is not used is found', () => {
    expect(needlessGivens(document('```ts', '// given: app, server', 'app.use()', '```'))).toEqual([
      'docs/a.md:1: server',
    ])
  })

  test.each(['ts ignore', 'ts twoslash', 'typescript', 'js', 'tsx', 'JavaScript'])(
    'a block that would escape the compiler is found: %s',
    (language) => {
      expect(unchecked(document('```' + language, 'a', '```'))).toEqual([`docs/a.md:1: ${language}`])
    },
  )

  test('blocks in lists, in longer fences and of other languages are read as Markdown says', () => {
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
