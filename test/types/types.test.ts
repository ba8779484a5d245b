import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const names = ['server', 'guard', 'testing', 'express', 'frameworks']
const pathOf = (name: string): string => join(root, `test/types/${name}.test-d.ts`)
const folder = await mkdtemp(join(root, 'node_modules/.consulate-types-'))
afterAll(() => rm(folder, { recursive: true }))

/** Compiles files with the settings of the project. Returns the errors. */
async function compile(files: readonly string[]): Promise<string> {
  const config = join(folder, 'tsconfig.json')
  await writeFile(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return run(process.execPath, [compiler, '-p', config]).then(
    () => '',
    (failure: { stdout: string }) => failure.stdout,
  )
}

let errors = ''

// All files and their copies together, because most of the time is spent on the types that they import.
beforeAll(async () => {
  const copies = await Promise.all(names.map(copyWithoutMarks))
  errors = await compile([...names.map(pathOf), ...copies])
})

test('everything that should compile does', () => {
  const first = errors.split('\n').filter((line) => /^\S/.test(line))
  expect(first.filter((line) => !line.includes('/unmarked-'))).toEqual([])
})

describe('without @ts-expect-error', () => {
  test.each(names)('has an error at each of its places: %s', async (name) => {
    const wrong = errors.matchAll(new RegExp(`unmarked-${name}\\.ts\\((\\d+)`, 'g'))
    const lines = new Set([...wrong].map(([, line]) => Number(line)))
    const text = await readFile(pathOf(name), 'utf8')
    expect([...lines].sort((left, right) => left - right)).toEqual(linesAfterMarks(text))
  })
})

/** Writes a copy at the same depth as the file, so that its imports resolve. */
async function copyWithoutMarks(name: string): Promise<string> {
  const copy = join(folder, `unmarked-${name}.ts`)
  await writeFile(copy, (await readFile(pathOf(name), 'utf8')).replaceAll('// @ts-expect-error', '//'))
  return copy
}

test('the browser client compiles with the types of browsers alone', async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, '-p', join(root, 'tsconfig.browser.json')])
})

/** Returns the line numbers that must not compile: those after a mark. */
const linesAfterMarks = (text: string): number[] =>
  text.split('\n').flatMap((line, index) => (line.includes('@ts-expect-error') ? [index + 2] : []))
