import { planClients } from '../../clients/reconcile.ts'
import type { ClientPlan } from '../../clients/declaration.ts'
import { ConfigError } from '../../errors.ts'
import { isInstalled } from '../project.ts'
import type { CheckContext } from './context.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

/** Checks the declared clients, and says what the next start changes. */
export async function checkClients(context: CheckContext): Promise<readonly Finding[]> {
  const { declaredClients, store } = context
  if (declaredClients.length === 0 || !(await isInstalled(context))) return []
  try {
    const plans = await planClients(store.clients, declaredClients)
    const revoked = plans.filter(({ action }) => action === 'revoked')
    return [...revoked.map(describeRevoked), describeChanges(plans)]
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    return cause.problems.map(({ path, message }) => problem(`${path} ${message}`, FIX))
  }
}

const FIX = 'Fix the configuration. Until then, the server does not start.'

const describeRevoked = ({ client }: ClientPlan): Finding =>
  warning(`"${client.id}" is declared but revoked`, 'Remove it from the configuration, or change its id.')

function describeChanges(plans: readonly ClientPlan[]): Finding {
  const changes = plans.flatMap(({ client, action, fields }) => {
    if (action === 'create') return [`creates "${client.id}"`]
    return action === 'update' ? [`updates "${client.id}" (${fields.join(', ')})`] : []
  })
  return ok(
    changes.length === 0
      ? `${plans.length} declared, up to date`
      : `${plans.length} declared; the next start ${changes.join(', ')}`,
  )
}
