import { describe, expect, test } from 'vitest'
import {
  brokenTargets,
  exportsWithoutTypes,
  ranges,
  undocumentedExports,
  unexplainedDependencies,
  unknownExports,
  type Manifest,
} from './manifest.ts'
import { filesBelow, matching } from './repository.ts'

const files = filesBelow()
const manifest = JSON.parse(files['package.json'] ?? '') as Manifest
const docs = matching(files, /^(README|docs\/.*)\.md$/)

describe('package.json', () => {
  test('every dependency has an exact version', () => {
    expect(ranges(manifest)).toEqual([])
  })

  test('every dependency has a row in the decisions, and every row a dependency', () => {
    expect(unexplainedDependencies(manifest, files['docs/decisions/0001-dependencies.md'] ?? '')).toEqual([])
  })

  test('every export and every bin points to an existing file', () => {
    expect(brokenTargets(manifest, files)).toEqual([])
  })

  test('TypeScript finds the types of every export with moduleResolution node10', () => {
    expect(exportsWithoutTypes(manifest)).toEqual([])
  })

  test('the docs mention every export', () => {
    expect(undocumentedExports(manifest, docs)).toEqual([])
  })

  test('the docs mention no unknown export', () => {
    expect(unknownExports(manifest, docs)).toEqual([])
  })
})

describe('the checks detect', () => {
  const entry = {
    'consulate-source': './src/a.ts',
    require: { types: './dist/commonjs/a.d.ts', default: './dist/commonjs/a.js' },
    types: './dist/a.d.ts',
    default: './dist/a.js',
  }

  test.each(['^1.2.3', '~1.2.3', '1.x', 'latest', '>=1.2.3', '*', '1.2'])(
    'a version range: %s',
    (version) => {
      expect(ranges({ exports: {}, dependencies: { a: version, b: '1.2.3' } })).toEqual([`a: ${version}`])
      expect(ranges({ exports: {}, devDependencies: { a: version, b: '1.2.3-beta.1' } })).toEqual([
        `a: ${version}`,
      ])
    },
  )

  test('a dependency without a row, and a row without a dependency', () => {
    const table = '| dependency | why |\n|---|---|\n| `a` | it is good |\n| `c` | it was good |'
    expect(unexplainedDependencies({ exports: {}, dependencies: { a: '1.0.0', b: '1.0.0' } }, table)).toEqual(
      ['b', 'c'],
    )
  })

  test('an export with a missing source file', () => {
    expect(brokenTargets({ exports: { './a': entry } }, { 'src/a.ts': '' })).toEqual([])
    expect(brokenTargets({ exports: { './a': entry } }, {})).toEqual(['./a → ./src/a.ts'])
  })

  test('an export whose built file does not match its source', () => {
    const crossed = { ...entry, default: './dist/b.js' }
    expect(brokenTargets({ exports: { './a': crossed } }, { 'src/a.ts': '' })).toEqual(['./a → ./dist/b.js'])
  })

  test('an export that CommonJS packages cannot load', () => {
    const { require, ...others } = entry
    expect(brokenTargets({ exports: { './a': others } }, { 'src/a.ts': '' })).toEqual([
      './a has no require condition',
    ])
    const crossed = { ...entry, require: { ...require, types: './dist/a.d.ts' } }
    expect(brokenTargets({ exports: { './a': crossed } }, { 'src/a.ts': '' })).toEqual([
      './a → ./dist/a.d.ts',
    ])
  })

  test('an export without types for node10', () => {
    const exports = { '.': entry, './a': entry, './b': entry, './package.json': './package.json' }
    const typesVersions = { '*': { a: ['./dist/commonjs/a.d.ts'], b: ['./dist/b.d.ts'] } }
    expect(exportsWithoutTypes({ exports, typesVersions })).toEqual(['./b'])
  })

  test('a bin with a missing file', () => {
    expect(brokenTargets({ exports: {}, bin: { a: 'bin/a.js' } }, {})).toEqual(['bin/a.js'])
  })

  test('an export that the docs do not mention', () => {
    const exports = { '.': entry, './a': entry, './package.json': './package.json' }
    expect(
      undocumentedExports({ exports }, { 'README.md': `import {} from 'consulate'\nand \`consulate/b\`` }),
    ).toEqual(['consulate/a'])
  })

  test('an unknown export in the docs', () => {
    const exports = { '.': entry }
    expect(
      unknownExports({ exports }, { 'docs/a.md': `'consulate' and 'consulate/b', but not /consulate/c` }),
    ).toEqual(['docs/a.md: consulate/b'])
  })
})
