/** Runs the tests of flows in each framework, or in those named as arguments: `npm run test:frameworks express koa`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { hasNext } from './next/build.ts'

const [, , ...named] = process.argv
const files = await readdir(new URL('mounts', import.meta.url))
// `npm test` runs them without a framework.
const all = files.map((file) => basename(file, '.ts')).filter((name) => name !== 'bare')
const unknown = named.filter((name) => !all.includes(name) && name !== 'bare')
if (unknown.length > 0) throw new Error(`No mount for ${unknown.join(', ')}. Use: ${all.join(', ')}`)

// CI must run them all.
const isSkipped = (framework: string): boolean => framework === 'next' && !hasNext && !process.env['CI']

const results: (readonly [framework: string, passed: boolean])[] = []
for (const framework of (named.length > 0 ? named : all).filter((name) => !isSkipped(name))) {
  process.stdout.write(`\n== test/flows in ${framework}\n`)
  results.push([framework, await run(framework)])
}
process.stdout.write(
  `\n${results.map(([framework, passed]) => `${passed ? 'passed' : 'FAILED'}  ${framework}`).join('\n')}\n`,
)
process.exitCode = results.every(([, passed]) => passed) ? 0 : 1

async function run(framework: string): Promise<boolean> {
  const vitest = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [vitest, 'run', 'test/flows', '--reporter=dot'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, FRAMEWORK: framework },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}
