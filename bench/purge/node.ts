/** Consulate over a filled database. `POST /purge` starts a purge, and `POST /purge/stop` stops it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toNode } from '../../src/adapters/node.ts'
import type { PurgeReport } from '../../src/index.ts'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen } from '../floors/parts/http.ts'
import type { Start } from '../target.ts'
import { startConsulate, type Differences } from '../targets/consulate.ts'
import { SCOPE } from '../targets/parts/mint.ts'
import { openStore, parseDatabase } from '../growth/database.ts'

/** What a purge did between its start and its stop. */
export interface PurgeStage extends PurgeReport {
  /** Milliseconds. */
  readonly duration: number
  /** The live memory of the main thread afterwards, and that of the process, in bytes. */
  readonly heap: number
  readonly resident: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const serve: NonNullable<Differences['serve']> = (server) => {
  const auth = toNode(server)
  const orders = auth.user(SCOPE)((_, response) => answerJson(response, API_ANSWER))
  let abort = new AbortController()
  let stage: Promise<PurgeStage> | undefined

  async function purge(): Promise<PurgeStage> {
    abort = new AbortController()
    const start = performance.now()
    const report = await server.purge({ signal: abort.signal })
    const duration = performance.now() - start
    collect()
    const { heapUsed: heap, rss: resident } = process.memoryUsage()
    return { ...report, duration, heap, resident }
  }
  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/purge') stage = purge()
    else abort.abort()
    answerJson(response, JSON.stringify(request.url === '/purge' ? {} : await stage))
  }
  const routes = auth.routes(orders)
  return listen((request, response) => {
    if (request.url?.startsWith('/purge')) void control(request, response)
    else routes(request, response)
  })
}

export const start: Start = () =>
  startConsulate({
    serve,
    authorizations: 0,
    openStore: () =>
      openStore(parseDatabase(process.env['BENCH_DATABASE'] ?? ''), process.env['BENCH_LOCATION'] ?? ''),
  })
