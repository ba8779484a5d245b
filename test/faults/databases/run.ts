/** `npm run faults`: lets everything go wrong that a database can, under traffic. See docs/reference/faults.md. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { setup } from '../../support/temporary-folder.ts'
import { runExperiment, type Finding } from './experiment.ts'
import { toTable } from './report.ts'
import { SETTINGS } from './settings.ts'

setup()
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, json: { type: 'string' }, write: { type: 'boolean', default: false } },
})
const pattern = new RegExp(values.only, 'i')

const findings: Finding[] = []
for (const { name, isAvailable, open } of SETTINGS) {
  if (!isAvailable) {
    console.log(`${name}: skipped, not installed`)
    continue
  }
  const place = await open()
  const chosen = place.faults.filter((fault) => pattern.test(`${name}: ${fault.name}`))
  for (const fault of chosen) {
    const finding = await runExperiment(name, place.world, fault)
    findings.push(finding)
    console.log(toTable([finding]))
    if (values.only !== '') console.log(JSON.stringify(finding, null, 2))
  }
  await place.close()
}
if (values.json !== undefined) await writeFile(values.json, JSON.stringify(findings, null, 2))
process.exit(findings.some(({ problems }) => problems.length > 0) ? 1 : 0)
