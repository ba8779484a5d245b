import { findLegacyGrants } from '../../config/legacy-grants.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether a server would take the configuration, and what it would warn of at its start. */
export function checkConfiguration({ source, settings, configProblems }: CheckContext): readonly Finding[] {
  if (!settings) {
    return configProblems.map(({ path, message }) => problem(`${path}: ${message}`, `change it in ${source}`))
  }
  const warnings = findLegacyGrants(settings).map(({ grant, reason, replacement }) =>
    warning(`the ${grant} grant is on: ${reason}`, `use ${replacement}`),
  )
  return [ok(`${source} can be used`), ...warnings]
}
