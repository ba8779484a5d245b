import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { formatFailures, type Results } from '../support/failures-last.ts'

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** A project with all kinds of failures. */
const FILES = {
  'vitest.config.mjs': `
    import { FailuresLast } from ${JSON.stringify(pathOf('test/support/failures-last.ts'))}
    export default { test: { include: ['*.test.mjs'], reporters: [new FailuresLast()] } }`,
  'broken.test.mjs': `throw new Error('No file')`,
  'sums.test.mjs': `
    import { beforeAll, describe, expect, test } from 'vitest'
    test('adds', () => expect(1 + 1).toBe(2))
    test('subtracts', () => expect(1 - 1, 'The difference:\\nof numbers').toBe(1))
    describe('with a database', () => {
      beforeAll(() => { throw new Error('No database') })
      test('is skipped', () => {})
    })`,
}

const FAILURES = [
  { name: 'broken.test.mjs', error: 'No file' },
  {
    name: 'sums.test.mjs > subtracts',
    error: 'The difference: of numbers: expected +0 to be 1 // Object.is equality',
  },
  { name: 'sums.test.mjs > with a database', error: 'No database (1 skipped)' },
]

test('a run lists its failures right before the summary, and writes them to a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-run-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
  const results = join(folder, 'results.json')
  const printed = await new Promise<string>((resolve) => {
    const args = [pathOf('node_modules/vitest/vitest.mjs'), 'run', '--root', folder]
    const env = { ...process.env, NO_COLOR: '1', RESULTS_FILE: results }
    execFile(process.execPath, args, { cwd: folder, env }, (_, stdout) => resolve(stdout))
  })
  const { passed, failures } = JSON.parse(await readFile(results, 'utf8')) as Results
  // Files run in parallel, and finish in any order.
  expect(failures.toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual(FAILURES)
  expect(passed).toBe(1)
  expect(printed).toContain(`\nFailed:\n${formatFailures(failures)}\n\n Test Files  2 failed`)
})
