/**
 * `npm run bench:memory`: measures the memory per token, revocation, session and client, each in its own process.
 * `npm run bench:memory -- revocation` measures one of them.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Finding } from './memory/parts/finding.ts'

const PARTS = ['cached-token', 'revocation', 'session', 'client']

const only = process.argv[2]
const selected = PARTS.filter((part) => only === undefined || part === only)
if (selected.length === 0) throw new Error(`Choose one of: ${PARTS.join(', ')}`)

const run = promisify(execFile)

async function find(part: string): Promise<readonly Finding[]> {
  const file = fileURLToPath(new URL(`memory/${part}.ts`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--expose-gc', file])
  return stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Finding)
}

const bytes = (total: number | undefined, count: number): string =>
  total === undefined ? '-' : Math.round(total / count).toLocaleString('en')

const line = (name: string, ...cells: readonly string[]): string =>
  name.padEnd(44) + cells.map((cell) => cell.padStart(14)).join('')

console.log(`Node ${process.version}; bytes per item, from the growth caused by all of them\n`)
console.log(line('', 'items', 'heap bytes', 'disk bytes'))
for (const part of selected) {
  for (const { what, count, heap, disk } of await find(part)) {
    console.log(line(what, count.toLocaleString('en'), bytes(heap, count), bytes(disk, count)))
  }
}
