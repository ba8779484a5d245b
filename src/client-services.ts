import { createClientCache } from './clients/cache.ts'
import { createClientRegistry } from './clients/registry.ts'
import type { Services } from './endpoints/services.ts'
import { thirdPartyRules } from './model/scope.ts'
import { createUserApps } from './user-apps/user-apps.ts'

/** Creates what reads and changes clients. */
export function openClientServices({
  settings,
  store,
  events,
  revoker,
  subjectOf,
}: Pick<Services, 'settings' | 'store' | 'events' | 'revoker' | 'subjectOf'>): Pick<
  Services,
  'clients' | 'clientRegistry' | 'userApps'
> {
  const { clock, pollInterval, grants, scopes, userApps } = settings
  const clients = createClientCache(store.clients, clock, pollInterval)
  const clientRegistry = createClientRegistry({
    store: store.clients,
    clock,
    events,
    cache: clients,
    revoke: revoker.revoke,
    declared: settings.clients,
    fields: settings.clientFields,
  })
  return {
    clients,
    clientRegistry,
    userApps: createUserApps({
      grants,
      limit: userApps?.limit ?? 0,
      scopes: userApps?.scopes,
      scopeRules: thirdPartyRules(scopes),
      store: store.clients,
      registry: clientRegistry,
      subjectOf,
    }),
  }
}
