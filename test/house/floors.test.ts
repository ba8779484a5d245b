import { describe, expect, test } from 'vitest'
import { circles, climbs, shortcuts, strayings } from './floors.ts'
import { filesBelow, matching } from './repository.ts'
import { readSources } from './source.ts'

const house = readSources(matching(filesBelow('src'), /\.ts$/))

describe('the house stands', () => {
  test('a file imports its own folder, its own floor or a lower one', () => {
    expect(climbs(house)).toEqual([])
  })

  test('no imports go in a circle, not even those of types', () => {
    expect(circles(house)).toEqual([])
  })

  test('the guard never reaches the store, the grants or the pages', () => {
    expect(strayings(house)).toEqual([])
  })

  test('examples import the package by its name', () => {
    expect(shortcuts(readSources(matching(filesBelow(), /^examples\/.*\.ts$/)))).toEqual([])
  })
})

describe('the checks see what they are for', () => {
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

  test.each(Object.entries(kinds))('a climbing import is found: %s', (_kind, text) => {
    const sources = readSources({ 'src/lib/a.ts': text, 'src/grants/b.ts': '' })
    expect(climbs(sources)).toEqual(['src/lib/a.ts → src/grants/b.ts'])
  })

  test('what only looks like an import is none', () => {
    const text = `// import '../grants/b.ts'\nexport const words = "import '../grants/b.ts'"`
    expect(climbs(readSources({ 'src/lib/a.ts': text }))).toEqual([])
  })

  test('neighbors on a floor and lower floors may be imported', () => {
    const text = `import '../store/b.ts'\nimport '../lib/c.ts'\nimport './d.ts'\nimport 'jose'\nimport 'node:fs'`
    expect(climbs(readSources({ 'src/keys/a.ts': text }))).toEqual([])
  })

  test('a file on no floor is found', () => {
    expect(climbs(readSources({ 'src/helpers/a.ts': '' }))).toEqual(['src/helpers/a.ts stands on no floor'])
  })

  test('leaving src, or coming back by the name of the package, is found', () => {
    const text = `import '../../test/b.ts'\nimport 'consulate'\nimport 'consulate/node'`
    const sources = readSources({ 'src/cli/a.ts': text })
    expect(climbs(sources)).toEqual([
      'src/cli/a.ts → test/b.ts',
      'src/cli/a.ts → consulate',
      'src/cli/a.ts → consulate/node',
    ])
  })

  test('the browser SDK imports lib only, and nobody imports it', () => {
    const sources = readSources({
      'src/browser/a.ts': `import '../lib/b.ts'\nimport '../model/c.ts'`,
      'src/server.ts': `import './browser/a.ts'`,
    })
    expect(climbs(sources)).toEqual(['src/browser/a.ts → src/model/c.ts', 'src/server.ts → src/browser/a.ts'])
  })

  test('a circle through types is found, once', () => {
    const sources = readSources({
      'src/lib/a.ts': `import type { B } from './b.ts'\nexport type A = B`,
      'src/lib/b.ts': `export { c } from './c.ts'\nexport type B = 1`,
      'src/lib/c.ts': `import type { A } from './a.ts'\nexport const c: A = 1`,
    })
    expect(circles(sources)).toEqual(['src/lib/a.ts → src/lib/b.ts → src/lib/c.ts → src/lib/a.ts'])
  })

  test('a file that imports itself is a circle', () => {
    expect(circles(readSources({ 'src/lib/a.ts': `import './a.ts'` }))).toEqual([
      'src/lib/a.ts → src/lib/a.ts',
    ])
  })

  test('a way of the guard to the store is found, however long', () => {
    const sources = readSources({
      'src/guard/a.ts': `import '../revocations/b.ts'`,
      'src/revocations/b.ts': `import type { Store } from '../store/contract.ts'`,
      'src/store/contract.ts': 'export interface Store {}',
    })
    expect(strayings(sources)).toEqual(['src/guard/a.ts → src/revocations/b.ts → src/store/contract.ts'])
  })

  test('an example that reaches into src is found', () => {
    const examples = readSources({ 'examples/a.ts': `import 'consulate'\nimport '../src/index.ts'` })
    expect(shortcuts(examples)).toEqual(['examples/a.ts → src/index.ts'])
  })
})
