import { readFileSync } from 'node:fs'
import { ok, problem, warning, type Finding } from './finding.ts'

/** Checks that Node is new enough, and a release with long-term support: those have even numbers. */
export function checkNode(version: string = process.versions.node): readonly Finding[] {
  const minimum = minimumVersion()
  const fix = `Install Node ${minimum.split('.')[0]} or a later release with an even number.`
  if (version.localeCompare(minimum, undefined, { numeric: true }) < 0)
    return [problem(`${version} is older than ${minimum}`, fix)]
  if (Number(version.split('.')[0]) % 2 === 1) return [warning(`${version} has no long-term support`, fix)]
  return [ok(version)]
}

/** Reads `engines` in package.json: `>=24.11.0`. */
function minimumVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { engines } = JSON.parse(manifest) as { engines: { node: string } }
  return engines.node.replace('>=', '')
}
