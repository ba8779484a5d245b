import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../house/repository.ts'
import { packTarball } from '../support/packed.ts'

let paths: readonly string[] = []

beforeAll(async () => {
  const list = execFileSync('tar', ['-tzf', await packTarball()], { encoding: 'utf8' })
  paths = list
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
})

test('the package contains the docs, the examples and the source that source maps refer to', () => {
  expect(paths).toEqual(
    expect.arrayContaining([
      'README.md',
      'docs/start.md',
      'examples/node-http.ts',
      'src/index.ts',
      'LICENSE',
    ]),
  )
})

test('the package contains no tests, packages or generated code of the repository', () => {
  expect(
    paths.filter((path) => /(^|\/)(node_modules|generated|\.next|test|bench|scripts)\//.test(path)),
  ).toEqual([])
})

test('every link of the README to the docs, examples and policies leads to a file of the package', () => {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const targets = [...text.matchAll(/\]\((?!https?:|#|bench\/)([^)#]+)/g)].map(([, path = '']) =>
    path.replace(/\/$/, ''),
  )
  const missing = targets.filter(
    (target) => !paths.some((path) => path === target || path.startsWith(`${target}/`)),
  )
  expect(missing).toEqual([])
})

test('the package has one repository', () => {
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8')
  const urls = [...manifest.matchAll(/https:\/\/[^"]+/g)].map(([url]) => url)
  expect(urls.filter((url) => !url.startsWith('https://github.com/consulate-js/consulate'))).toEqual([])
  expect(JSON.parse(manifest)).toMatchObject({
    repository: { url: 'git+https://github.com/consulate-js/consulate.git' },
    bugs: { url: 'https://github.com/consulate-js/consulate/issues' },
  })
})
