import { describe, expect, test } from 'vitest'
import { deadEnds, loose, madeUp, unexplained, unmentioned, type Manifest } from './manifest.ts'
import { filesBelow, matching } from './repository.ts'

const files = filesBelow()
const manifest = JSON.parse(files['package.json'] ?? '') as Manifest
const documents = matching(files, /^(README|docs\/.*)\.md$/)

describe('the package is what it says', () => {
  test('every dependency has an exact version', () => {
    expect(loose(manifest)).toEqual([])
  })

  test('every dependency has its row in the decisions, and every row its dependency', () => {
    expect(unexplained(manifest, files['docs/decisions/0001-dependencies.md'] ?? '')).toEqual([])
  })

  test('every export and every bin leads to a file', () => {
    expect(deadEnds(manifest, files)).toEqual([])
  })

  test('the README or the documents name every export', () => {
    expect(unmentioned(manifest, documents)).toEqual([])
  })

  test('the README and the documents name no export that is not there', () => {
    expect(madeUp(manifest, documents)).toEqual([])
  })
})

describe('the checks see what they are for', () => {
  const entry = { 'consulate-source': './src/a.ts', types: './dist/a.d.ts', default: './dist/a.js' }

  test.each(['^1.2.3', '~1.2.3', '1.x', 'latest', '>=1.2.3', '*', '1.2'])(
    'a range is found: %s',
    (version) => {
      expect(loose({ exports: {}, dependencies: { a: version, b: '1.2.3' } })).toEqual([`a: ${version}`])
      expect(loose({ exports: {}, devDependencies: { a: version, b: '1.2.3-beta.1' } })).toEqual([
        `a: ${version}`,
      ])
    },
  )

  test('a dependency without a row, and a row without a dependency, are found', () => {
    const table = '| dependency | why |\n|---|---|\n| `a` | it is good |\n| `c` | it was good |'
    expect(unexplained({ exports: {}, dependencies: { a: '1.0.0', b: '1.0.0' } }, table)).toEqual(['b', 'c'])
  })

  test('an export without its source is found', () => {
    expect(deadEnds({ exports: { './a': entry } }, { 'src/a.ts': '' })).toEqual([])
    expect(deadEnds({ exports: { './a': entry } }, {})).toEqual(['./a → ./src/a.ts'])
  })

  test('an export whose built file is not the one of its source is found', () => {
    const crossed = { ...entry, default: './dist/b.js' }
    expect(deadEnds({ exports: { './a': crossed } }, { 'src/a.ts': '' })).toEqual(['./a → ./dist/b.js'])
  })

  test('a bin without its file is found', () => {
    expect(deadEnds({ exports: {}, bin: { a: 'bin/a.js' } }, {})).toEqual(['bin/a.js'])
  })

  test('an export that nobody names is found', () => {
    const exports = { '.': entry, './a': entry, './package.json': './package.json' }
    expect(
      unmentioned({ exports }, { 'README.md': `import {} from 'consulate'\nand \`consulate/b\`` }),
    ).toEqual(['consulate/a'])
  })

  test('a name that no export answers to is found', () => {
    const exports = { '.': entry }
    expect(
      madeUp({ exports }, { 'docs/a.md': `'consulate' and 'consulate/b', but not /consulate/c` }),
    ).toEqual(['docs/a.md: consulate/b'])
  })
})
