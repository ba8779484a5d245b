import type { Services } from '../endpoints/services.ts'
import type { WebhookManagement } from '../webhooks/management.ts'

/** Creates the management of a server's webhooks. Each method starts the server if necessary. */
export const webhookAdministration = (start: () => Promise<Services>): WebhookManagement => ({
  list: async () => (await start()).webhooks.list(),
  deliveries: async (filter) => (await start()).webhooks.deliveries(filter),
  test: async (endpointId) => (await start()).webhooks.test(endpointId),
  replay: async (messages) => (await start()).webhooks.replay(messages),
})
