/** `npm run faults`: lets databases, Redis and nodes fail under traffic. See docs/reference/faults.md. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { setup } from '../../support/temporary-folder.ts'
import { errorsOf, runExperiment, type Finding } from './experiment.ts'
import type { Setting } from './fault.ts'
import { toTable, writeResults } from './report.ts'
import { SETTINGS } from './settings.ts'

const { values } = parseArgs({
  options: {
    /** A regular expression of settings, and one of faults. */
    on: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    /** A file for the results. */
    json: { type: 'string' },
    /** Writes the table into the documentation. */
    write: { type: 'boolean', default: false },
  },
})
const [on, only] = [new RegExp(values.on, 'i'), new RegExp(values.only, 'i')]

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function runAll({ name, open }: Setting): Promise<readonly Finding[]> {
  const { world, faults, close } = await open()
  const findings: Finding[] = []
  for (const fault of faults.filter((candidate) => only.test(candidate.name))) {
    const finding = await runExperiment(name, world, fault)
    findings.push(finding)
    const { problems, repeated } = finding
    say(toTable([finding]).split('\n').at(-1) ?? '')
    if (problems.length > 0) say(errorsOf(world))
    for (const problem of problems) say(`  PROBLEM: ${problem}`)
    if (Object.keys(repeated).length > 0) say(`  Codes repeated after a 503: ${JSON.stringify(repeated)}`)
  }
  await close()
  return findings
}

setup()
// An exit stops the database servers, which a signal alone would not.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const findings: Finding[] = []
for (const setting of SETTINGS.filter(({ name }) => on.test(name))) {
  if (setting.isAvailable) findings.push(...(await runAll(setting)))
  else say(`Skipped: ${setting.name}`)
}
const [date, command] = [new Date().toISOString().slice(0, 10), 'npm run faults -- --write']
const versions = [
  `Node ${process.version}`,
  ...SETTINGS.flatMap(({ isAvailable, version }) => (isAvailable ? (version?.() ?? []) : [])),
]
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ date, versions, findings }, null, 2))
if (values.write)
  writeResults(findings, `Measured on ${date} with \`${command}\`: ${[...new Set(versions)].join(', ')}.`)
process.exit(findings.some(({ problems }) => problems.length > 0) ? 1 : 0)
