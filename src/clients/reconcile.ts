import { ConfigError } from '../errors.ts'
import type { Events } from '../events.ts'
import { announcingStore } from './announce.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Client } from '../model/client.ts'
import type { ClientStore } from '../store/clients.ts'
import {
  changesTo,
  declarationProblems,
  planClient,
  type ClientDeclaration,
  type ClientPlan,
} from './declaration.ts'

interface ReconcileOptions {
  readonly store: ClientStore
  readonly clock: Clock
  readonly events: Pick<Events, 'commit'>
  readonly logger: Logger
}

/**
 * Creates the declared clients that are missing, and updates those that differ. Leaves all others alone. Several nodes may do
 * this at the same time: each client is one transaction, and the last one decides.
 *
 * @throws ConfigError with every client whose type, provider or owner differs, before anything is written
 */
export async function reconcileClients(
  options: ReconcileOptions,
  declared: readonly ClientDeclaration[],
): Promise<void> {
  await planClients(options.store, declared)
  for (const declaration of declared) {
    const plan = await reconcile(options, declaration)
    report(options, plan)
  }
}

/**
 * Returns what a start would do with each declared client.
 *
 * @throws ConfigError as `reconcileClients` does
 */
export async function planClients(
  store: Pick<ClientStore, 'find'>,
  declared: readonly ClientDeclaration[],
): Promise<readonly ClientPlan[]> {
  const plans: ClientPlan[] = []
  const problems = []
  for (const declaration of declared) {
    const current = await store.find(declaration.client.id)
    problems.push(...declarationProblems(current, declaration))
    plans.push(planClient(current, declaration))
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return plans
}

async function reconcile(
  { store: found, clock, events }: ReconcileOptions,
  declaration: ClientDeclaration,
): Promise<ClientPlan> {
  const { id } = declaration.client
  const writes = announcingStore({ store: found, events, cache: undefined }, { by: 'configuration' })
  const store = { ...found, ...writes }
  const first = planClient(await store.find(id), declaration)
  if (first.action === 'create') {
    const isInserted = await insert(store, { ...declaration.client, createdAt: clock.now() })
    if (isInserted) return first
  } else if (first.action !== 'update') return first
  let plan = first
  await store.update(id, (current) => {
    rejectProblems(current, declaration)
    plan = planClient(current, declaration)
    return plan.action === 'update' ? changesTo(current, declaration, clock.now()) : {}
  })
  return plan
}

/** Returns false if another node inserted it first. */
const insert = async (store: ClientStore, client: Client): Promise<boolean> => {
  try {
    return (await store.insert(client)) === 'inserted'
  } catch (error) {
    if ((await store.find(client.id)) === undefined) throw error
    return false
  }
}

function rejectProblems(current: Client, declaration: ClientDeclaration): void {
  const problems = declarationProblems(current, declaration)
  if (problems.length > 0) throw new ConfigError(problems)
}

const NO_SECRET = 'Declare a secret, or run consulate client rotate-secret'
const REVOKED = 'Remove it from the configuration, or declare another one with another id'

function report({ logger }: ReconcileOptions, { client, action, fields }: ClientPlan): void {
  if (action === 'create') {
    logger.log('info', 'Declared client created', { clientId: client.id })
    if (client.type === 'confidential' && client.secrets.length === 0)
      logger.log('warn', 'Declared client has no secret', { clientId: client.id, fix: NO_SECRET })
  }
  if (action === 'update') {
    logger.log('info', 'Declared client updated', { clientId: client.id, fields: fields.join(', ') })
  }
  if (action === 'revoked') {
    logger.log('warn', 'Declared client is revoked', { clientId: client.id, fix: REVOKED })
  }
}
