import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const files = ['server', 'guard', 'testing', 'express', 'frameworks'].map((name) =>
  join(root, `test/types/${name}.test-d.ts`),
)
const folder = await mkdtemp(join(root, 'node_modules/.consulate-types-'))
afterAll(() => rm(folder, { recursive: true }))

/** Compiles one file with the settings of the project. Returns the errors. */
async function compile(path: string): Promise<string> {
  const config = join(folder, 'tsconfig.json')
  await writeFile(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files: [path] }),
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return run(process.execPath, [compiler, '-p', config]).then(
    () => '',
    (failure: { stdout: string }) => failure.stdout,
  )
}

test.each(files)('compiles exactly what it should: %s', async (file) => {
  expect(await compile(file)).toBe('')
})

test.each(files)('has an error at each @ts-expect-error: %s', async (file) => {
  const text = await readFile(file, 'utf8')
  // At the same depth as the file, so that its imports resolve.
  const copy = join(folder, 'unmarked.ts')
  await writeFile(copy, text.replaceAll('// @ts-expect-error', '//'))
  const wrong = (await compile(copy)).matchAll(/unmarked\.ts\((\d+)/g)
  const lines = new Set([...wrong].map(([, line]) => Number(line)))
  expect([...lines].sort((left, right) => left - right)).toEqual(linesAfterMarks(text))
})

test('the browser client compiles with the types of browsers alone', async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, '-p', join(root, 'tsconfig.browser.json')])
})

/** Returns the line numbers that must not compile: those after a mark. */
const linesAfterMarks = (text: string): number[] =>
  text.split('\n').flatMap((line, index) => (line.includes('@ts-expect-error') ? [index + 2] : []))
