import type { HttpResponse } from '../lib/http.ts'
import { formTargetsOf } from '../pages/headers.ts'
import type { ViewProps } from '../pages/props.ts'
import type { Exchange } from './endpoint.ts'

/** Options of a response that is a page. */
export interface PageOptions {
  readonly headers?: HttpResponse['headers']
  /** Where the page's forms may redirect to besides this server: see `formTargetsOf`. */
  readonly formTargets?: readonly string[]
}

/** Answers with a page and its security headers. */
export async function page<Name extends keyof ViewProps>(
  { services }: Exchange,
  status: number,
  name: Name,
  props: ViewProps[Name],
  { headers = {}, formTargets = [] }: PageOptions = {},
): Promise<HttpResponse> {
  const { pages, appSessions } = services.settings
  // A form of a user whose session has ended, and one that signs out, redirects to the app.
  const targets = [
    ...formTargets,
    ...[...appSessions.values()].flatMap(({ signInUrl }) => formTargetsOf(signInUrl)),
  ]
  const { headers: pageHeaders, body } = await pages.render(name, props, [...new Set(targets)])
  return { status, headers: { ...pageHeaders, ...headers }, body }
}
