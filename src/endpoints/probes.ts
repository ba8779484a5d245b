import { randomUUID } from 'node:crypto'
import type { Settings } from '../config/settings.ts'
import type { PlainRouteName } from '../model/route-name.ts'
import { json, type HttpResponse, type HttpRequest } from '../lib/http.ts'
import type { Health } from './health.ts'
import { pathsOf } from './paths.ts'

/** A health check for orchestrators and load balancers. It responds even if the server cannot start, and logs nothing. */
export interface Probe {
  readonly name: string
  readonly path: string
  handle(request: HttpRequest, health: () => Promise<Health>): Promise<HttpResponse>
}

const METHODS = 'GET, HEAD, OPTIONS'

/** Creates the two probes. `live` is 200 as long as the process responds. `ready` is 503 while it cannot serve requests. */
export function createProbes(
  settings: Pick<Settings, 'basePath' | 'prefix' | 'routesOff'>,
): readonly Probe[] {
  const { live, ready } = pathsOf(settings)
  return [
    probe('live', live, async () => json(200, { live: true })),
    probe('ready', ready, async (health) => readiness(await health())),
  ].filter(({ name }) => !settings.routesOff.has(name))
}

const probe = (
  name: PlainRouteName,
  path: string,
  check: (health: () => Promise<Health>) => Promise<HttpResponse>,
): Probe => ({
  name,
  path,
  async handle({ method }, health) {
    const { status, headers, body } = await respond(method, () => check(health))
    return { status, headers: { ...headers, 'X-Request-Id': randomUUID() }, body }
  },
})

async function respond(method: string, get: () => Promise<HttpResponse>): Promise<HttpResponse> {
  if (method === 'GET' || method === 'HEAD') return get()
  const headers = { Allow: METHODS }
  if (method === 'OPTIONS') return { status: 204, headers, body: '' }
  const error = { error: 'invalid_request', error_description: 'This method is not allowed' }
  return json(405, error, headers)
}

/** Says which check failed. The reason is only logged. */
const readiness = ({ isReady, isStopping, checks }: Health): HttpResponse =>
  isReady
    ? json(200, { ready: true, checks })
    : json(
        503,
        { ready: false, ...(isStopping && { stopping: true }), checks },
        { 'Retry-After': checks.started ? '1' : '5' },
      )
