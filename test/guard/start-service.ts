import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServiceAnswers, ServiceOptions } from './service.ts'

/** What an API answered. */
export interface ApiAnswer {
  readonly status: number
  readonly challenge: string | null
  readonly retryAfter: string | null
  readonly body: Readonly<Record<string, unknown>>
}

/** A guarded service in a process of its own. */
export interface Service {
  readonly origin: string
  /** Asks its API with an `Authorization` header, or without. */
  get(path: string, authorization?: string): Promise<ApiAnswer>
  ask<Question extends keyof ServiceAnswers>(question: Question): Promise<ServiceAnswers[Question]>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a service. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const child = fork(fileURLToPath(new URL('service.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.send(options)
  const [port] = (await once(child, 'message')) as [number]
  const origin = `http://127.0.0.1:${port}`
  return {
    origin,
    get: (path, authorization) => getFrom(origin + path, authorization),
    async ask(question) {
      const answered = once(child, 'message')
      child.send(question)
      const [answer] = (await answered) as [ServiceAnswers[typeof question]]
      return answer
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

/** Asks an API. */
export async function getFrom(url: string, authorization?: string): Promise<ApiAnswer> {
  const response = await fetch(url, authorization === undefined ? {} : { headers: { authorization } })
  const { status, headers } = response
  const body = (await response.json()) as Record<string, unknown>
  return {
    status,
    challenge: headers.get('www-authenticate'),
    retryAfter: headers.get('retry-after'),
    body,
  }
}

/** Asks again and again until the status is this one; how long that took (ms). Throws after 8 seconds. */
export async function timeUntil(status: number, ask: () => Promise<ApiAnswer>): Promise<number> {
  const begin = performance.now()
  for (let last = 0; last !== status;) {
    if (performance.now() - begin > 8_000) throw new Error(`It is still ${last}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
    last = (await ask()).status
  }
  return performance.now() - begin
}
