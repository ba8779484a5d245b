import type { Endpoint } from './endpoints/endpoint.ts'
import { handle } from './endpoints/handle.ts'
import type { Health } from './endpoints/health.ts'
import type { Router } from './endpoints/router.ts'
import type { Services } from './endpoints/services.ts'
import { unavailable } from './guard/refusal.ts'
import type { GuardCore } from './guard/request-guards.ts'
import { withinTimeLimit, type Once } from './lib/async.ts'
import { limitDatabaseWait } from './lib/database-wait.ts'
import { json, type HttpRequest, type HttpResponse } from './lib/http.ts'
import type { Logger } from './lib/log.ts'

/** How long (ms) a request waits for the server to start. The start itself may take longer. */
const START_LIMIT = 10_000

/** Returns undefined, and logs why, if the server cannot start, or not yet. */
const tryStart = (start: Once<Services>, logger: Logger): Promise<Services | undefined> =>
  withinTimeLimit(start, START_LIMIT, () => new Error(`It did not start within ${START_LIMIT} ms`)).catch(
    (cause: unknown) => {
      logger.log('error', 'Server cannot start', { cause: String(cause) })
      return undefined
    },
  )

/** What the handler needs. */
interface HandlerOptions {
  readonly start: Once<Services>
  readonly router: Router
  readonly health: () => Promise<Health>
  /** How long (ms) a request may wait for the database. Default: no limit. */
  readonly waitLimit: number | undefined
  readonly logger: Logger
}

/** Creates the handler of all requests. The first ones start the server and wait for it. Probes don't wait. */
export function createHandler({
  start,
  router,
  health,
  waitLimit = Number.POSITIVE_INFINITY,
  logger,
}: HandlerOptions): (request: HttpRequest) => Promise<HttpResponse> | undefined {
  const answer = async (endpoint: Endpoint, request: HttpRequest): Promise<HttpResponse> => {
    const services = start.result() ?? (await tryStart(start, logger))
    return services ? limitDatabaseWait(waitLimit, () => handle(endpoint, services, request)) : NOT_STARTED
  }
  return (request) => {
    const found = router.find(request)
    if (!found) return undefined
    return 'methods' in found ? answer(found, request) : found.handle(request, health)
  }
}

/** Creates the check of guards. Once the server has started, it adds no promise to that of the services. */
export function createCheck(start: Once<Services>, logger: Logger): GuardCore['check'] {
  return (request, requirement) => {
    const services = start.result()
    if (services) return services.checkRequest(request, requirement)
    return tryStart(start, logger).then(
      (started) => started?.checkRequest(request, requirement) ?? unavailable(),
    )
  }
}

const NOT_STARTED = json(
  503,
  { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
  { 'Retry-After': '5' },
)
