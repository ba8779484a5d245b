import { existsSync } from 'node:fs'
import { findLegacyGrants } from '../../config/grants.ts'
import { databaseExists, type Project } from '../project.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Checks that a server would accept the configuration, and for what it would warn at its start. */
export function checkConfiguration(context: CheckContext): readonly Finding[] {
  const { source, settings, configProblems, isConfigured } = context
  if (!settings) {
    return configProblems.map(({ path, message }) =>
      problem(`${path}: ${message}`, `Change it in ${source}.`),
    )
  }
  if (!isConfigured) return [hasData(context) ? unconfigured : nothing]
  const warnings = findLegacyGrants(settings).map(({ grant, reason, replacement }) =>
    warning(`the ${grant} grant is enabled: ${reason}`, `Use ${replacement}.`),
  )
  return [ok(source), ...warnings]
}

/** Returns whether the data directory has anything to check. */
const hasData = (project: Project): boolean =>
  existsSync(project.secrets.directory ?? '') || databaseExists(project)

const nothing = problem(
  'no consulate.config.ts in this directory, and CONSULATE_ISSUER is not set. There is nothing to check',
  'Run `consulate init` to create a project here, or pass --config.',
)

/** An app may pass its settings to the server in its own code, where no command can read them. */
const unconfigured = warning(
  'no consulate.config.ts in this directory, and CONSULATE_ISSUER is not set. Only the data directory was checked',
  'Export your settings from consulate.config.ts and import them in your app, or pass --config.',
)
