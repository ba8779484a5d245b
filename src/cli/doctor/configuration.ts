import { fine, problem, type Finding } from './finding.ts'
import type { Patient } from './patient.ts'

/** Whether a server would take the configuration. */
export function checkConfiguration({ source, configProblems }: Patient): readonly Finding[] {
  if (configProblems.length === 0) return [fine(`${source} can be used`)]
  return configProblems.map(({ path, message }) => problem(`${path}: ${message}`, `change it in ${source}`))
}
