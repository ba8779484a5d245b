import { randomUUID } from 'node:crypto'
import type { Settings } from '../config/settings.ts'
import { json, type HttpResponse, type HttpRequest } from '../lib/http.ts'
import type { Health } from './health.ts'
import { pathsOf } from './paths.ts'

/**
 * A path that those ask who watch over the process. It answers whether the server could start or not, and what it
 * answers is not logged.
 */
export interface Probe {
  readonly name: string
  readonly path: string
  answer(request: HttpRequest, health: () => Promise<Health>): Promise<HttpResponse>
}

const METHODS = 'GET, HEAD, OPTIONS'

/**
 * The two probes: `live` is 200 as long as the process answers at all; `ready` is 503 while it cannot do its work. They
 * tell nothing that is worth hiding.
 */
export function probesOf(settings: Pick<Settings, 'basePath' | 'prefix'>): readonly Probe[] {
  const { live, ready } = pathsOf(settings)
  return [
    probe('live', live, async () => json(200, { live: true })),
    probe('ready', ready, async (health) => readiness(await health())),
  ]
}

const probe = (
  name: string,
  path: string,
  look: (health: () => Promise<Health>) => Promise<HttpResponse>,
): Probe => ({
  name,
  path,
  async answer({ method }, health) {
    const { status, headers, body } = await answerTo(method, () => look(health))
    return { status, headers: { ...headers, 'X-Request-Id': randomUUID() }, body }
  },
})

async function answerTo(method: string, answer: () => Promise<HttpResponse>): Promise<HttpResponse> {
  if (method === 'GET' || method === 'HEAD') return answer()
  const headers = { Allow: METHODS }
  if (method === 'OPTIONS') return { status: 204, headers, body: '' }
  const error = { error: 'invalid_request', error_description: 'This method is not allowed here' }
  return json(405, error, headers)
}

/** What failed is told, why is not: that is for the log. */
const readiness = ({ isReady, checks }: Health): HttpResponse =>
  isReady
    ? json(200, { ready: true, checks })
    : json(503, { ready: false, checks }, { 'Retry-After': checks.started ? '1' : '5' })
