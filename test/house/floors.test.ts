import { describe, expect, test } from 'vitest'
import { cycles, forbiddenPaths, sourceImports, upwardImports } from './floors.ts'
import { filesBelow, matching } from './repository.ts'
import { readSources } from './source.ts'

const sources = readSources(matching(filesBelow('src'), /\.ts$/))

describe('imports', () => {
  test('a file imports its own folder, its own floor or a lower one', () => {
    expect(upwardImports(sources)).toEqual([])
  })

  test('there are no import cycles, not even of types', () => {
    expect(cycles(sources)).toEqual([])
  })

  test('the guard does not import the store, the grants or the pages, even indirectly', () => {
    expect(forbiddenPaths(sources)).toEqual([])
  })

  test('examples import the package by name', () => {
    expect(sourceImports(readSources(matching(filesBelow(), /^examples\/.*\.ts$/)))).toEqual([])
  })
})

describe('the checks detect', () => {
  const kinds = {
    static: `import { b } from '../grants/b.ts'`,
    'type-only': `import type { B } from '../grants/b.ts'`,
    'inline type': `import { type B } from '../grants/b.ts'`,
    'side effect': `import '../grants/b.ts'`,
    dynamic: `const b = await import('../grants/b.ts')`,
    'in a type': `type B = import('../grants/b.ts').B`,
    're-export': `export { b } from '../grants/b.ts'`,
    'type re-export': `export type { B } from '../grants/b.ts'`,
    star: `export * from '../grants/b.ts'`,
  }

  test.each(Object.entries(kinds))('an upward import: %s', (_kind, text) => {
    const sources = readSources({ 'src/lib/a.ts': text, 'src/grants/b.ts': '' })
    expect(upwardImports(sources)).toEqual(['src/lib/a.ts → src/grants/b.ts'])
  })

  test('nothing in text that only looks like an import', () => {
    const text = `// import '../grants/b.ts'\nexport const words = "import '../grants/b.ts'"`
    expect(upwardImports(readSources({ 'src/lib/a.ts': text }))).toEqual([])
  })

  test('nothing in imports from the same or a lower floor', () => {
    const text = `import '../store/b.ts'\nimport '../lib/c.ts'\nimport './d.ts'\nimport 'jose'\nimport 'node:fs'`
    expect(upwardImports(readSources({ 'src/keys/a.ts': text }))).toEqual([])
  })

  test('a file on no floor', () => {
    expect(upwardImports(readSources({ 'src/helpers/a.ts': '' }))).toEqual([
      'src/helpers/a.ts is on no floor',
    ])
  })

  test('imports from outside src and imports of the package by name', () => {
    const text = `import '../../test/b.ts'\nimport 'consulate'\nimport 'consulate/node'`
    const sources = readSources({ 'src/cli/a.ts': text })
    expect(upwardImports(sources)).toEqual([
      'src/cli/a.ts → test/b.ts',
      'src/cli/a.ts → consulate',
      'src/cli/a.ts → consulate/node',
    ])
  })

  test('a browser SDK that imports more than lib, and imports of it', () => {
    const sources = readSources({
      'src/browser/a.ts': `import '../lib/b.ts'\nimport '../model/c.ts'`,
      'src/server.ts': `import './browser/a.ts'`,
    })
    expect(upwardImports(sources)).toEqual([
      'src/browser/a.ts → src/model/c.ts',
      'src/server.ts → src/browser/a.ts',
    ])
  })

  test('a cycle through types, once', () => {
    const sources = readSources({
      'src/lib/a.ts': `import type { B } from './b.ts'\nexport type A = B`,
      'src/lib/b.ts': `export { c } from './c.ts'\nexport type B = 1`,
      'src/lib/c.ts': `import type { A } from './a.ts'\nexport const c: A = 1`,
    })
    expect(cycles(sources)).toEqual(['src/lib/a.ts → src/lib/b.ts → src/lib/c.ts → src/lib/a.ts'])
  })

  test('a file that imports itself', () => {
    expect(cycles(readSources({ 'src/lib/a.ts': `import './a.ts'` }))).toEqual([
      'src/lib/a.ts → src/lib/a.ts',
    ])
  })

  test('an indirect import of the store by the guard', () => {
    const sources = readSources({
      'src/guard/a.ts': `import '../revocations/b.ts'`,
      'src/revocations/b.ts': `import type { Store } from '../store/contract.ts'`,
      'src/store/contract.ts': 'export interface Store {}',
    })
    expect(forbiddenPaths(sources)).toEqual(['src/guard/a.ts → src/revocations/b.ts → src/store/contract.ts'])
  })

  test('an example that imports from src', () => {
    const examples = readSources({ 'examples/a.ts': `import 'consulate'\nimport '../src/index.ts'` })
    expect(sourceImports(examples)).toEqual(['examples/a.ts → src/index.ts'])
  })
})
