import { readFileSync } from 'node:fs'
import { ok, problem, warning, type Finding } from './finding.ts'

/** Whether Node is new enough, and one that is kept up for years: even numbers are. */
export function checkNode(version: string = process.versions.node): readonly Finding[] {
  const least = leastVersion()
  const newer = `install the latest Node ${least.split('.')[0]} or a later one with an even number`
  if (version.localeCompare(least, undefined, { numeric: true }) < 0)
    return [problem(`Node ${version} is older than ${least}`, newer)]
  if (Number(version.split('.')[0]) % 2 === 1)
    return [warning(`Node ${version} gets security updates for half a year only`, newer)]
  return [ok(`Node ${version}`)]
}

/** From `engines` of the package: `>=24.11.0`. */
function leastVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { engines } = JSON.parse(manifest) as { engines: { node: string } }
  return engines.node.replace('>=', '')
}
