import type { HttpResponse } from '../lib/http.ts'
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
  const { headers: pageHeaders, body } = await services.settings.pages.render(name, props, formTargets)
  return { status, headers: { ...pageHeaders, ...headers }, body }
}
