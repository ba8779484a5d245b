import { findLegacyGrants } from '../../config/grants.ts'
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
  if (!isConfigured) return [unconfigured]
  const warnings = findLegacyGrants(settings).map(({ grant, reason, replacement }) =>
    warning(`the ${grant} grant is enabled: ${reason}`, `Use ${replacement}.`),
  )
  return [ok(source), ...warnings]
}

/** An app may pass its settings to the server in its own code, where no command can read them. */
const unconfigured = warning(
  'no consulate.config.ts in this directory, and CONSULATE_ISSUER is not set. Only the data directory was checked',
  'Export your settings from consulate.config.ts and import them in your app, or pass --config.',
)
