/**
 * Runs the tests of flows in each framework, or in those named as arguments: `npm run test:frameworks express koa`. Prints a
 * summary at the end.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { formatFailures, type Results } from '../support/failures-last.ts'
import { hasNext } from './next/build.ts'

const [, , ...named] = process.argv
const files = await readdir(new URL('mounts', import.meta.url))
// `npm test` runs them without a framework.
const all = files.map((file) => basename(file, '.ts')).filter((name) => name !== 'bare')
const unknown = named.filter((name) => !all.includes(name) && name !== 'bare')
if (unknown.length > 0) throw new Error(`No mount for ${unknown.join(', ')}. Use: ${all.join(', ')}`)

// CI must run them all.
const isSkipped = (framework: string): boolean => framework === 'next' && !hasNext && !process.env['CI']

/** Their rules are about the database and other nodes, and hold whatever mounts the server. */
const LEFT_OUT = [
  'broadcast',
  'import-database',
  'key-rotation',
  'key-rotation-under-load',
  'purge',
  'query-counts',
  'races',
  'redis',
  'redis-options',
  'round-trips',
  'several-nodes',
]

const folder = await mkdtemp(join(tmpdir(), 'consulate-frameworks-'))
const results: (readonly [framework: string, result: Result])[] = []
for (const framework of (named.length > 0 ? named : all).filter((name) => !isSkipped(name))) {
  process.stdout.write(`\n== test/flows in ${framework}\n`)
  results.push([framework, await run(framework)])
}
await rm(folder, { recursive: true })
printSummary()
process.exitCode = results.every(([, { isSuccess }]) => isSuccess) ? 0 : 1

/** The results of the tests in one framework. */
interface Result extends Results {
  readonly isSuccess: boolean
}

async function run(framework: string): Promise<Result> {
  const vitest = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url).pathname
  const file = join(folder, `${framework}.json`)
  const exclude = LEFT_OUT.map((name) => `--exclude=test/flows/${name}.test.ts`)
  const child = spawn(process.execPath, [vitest, 'run', 'test/flows', ...exclude], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, FRAMEWORK: framework, RESULTS_FILE: file },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return { ...(await readResults(file)), isSuccess: code === 0 }
}

async function readResults(file: string): Promise<Results> {
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Results
  return { passed: 0, failures: [{ name: 'vitest', error: 'The run was aborted' }] }
}

function printSummary(): void {
  for (const [framework, { failures }] of results)
    if (failures.length > 0) process.stdout.write(`\nFailed in ${framework}:\n${formatFailures(failures)}`)
  const lines = results.map(
    ([framework, { passed, failures, isSuccess }]) =>
      `${isSuccess ? 'passed' : 'FAILED'}  ${framework}: ${passed} passed, ${failures.length} failed`,
  )
  process.stdout.write(`\n${lines.join('\n')}\n`)
}
