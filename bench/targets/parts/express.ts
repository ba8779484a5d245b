import express, { type RequestHandler } from 'express'
import { API_ANSWER } from '../../api-answer.ts'
import { answerJson, listen } from '../../floors/parts/http.ts'
import type { Target } from '../../target.ts'
import { prepareGuard } from './prepare-guard.ts'

/** Starts an Express app with one route behind a peer's middleware. */
export async function startExpress(terms: string, ...guards: readonly RequestHandler[]): Promise<Target> {
  const app = express()
  app.get('/orders', ...guards, (_, response) => answerJson(response, API_ANSWER))
  return { ...(await listen(app)), terms, prepare: prepareGuard }
}
