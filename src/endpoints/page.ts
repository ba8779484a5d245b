import type { HttpResponse } from '../lib/http.ts'
import type { ViewProps } from '../pages/props.ts'
import type { Exchange } from './endpoint.ts'

/** What a page's answer has beside the page. */
export interface PageOptions {
  readonly headers?: HttpResponse['headers']
  /** Where its forms may lead besides this server: see `pageHeaders`. */
  readonly formTargets?: readonly string[]
}

/** Shows a page: the view, with the security headers that all pages have. */
export async function page<Name extends keyof ViewProps>(
  { services }: Exchange,
  status: number,
  name: Name,
  props: ViewProps[Name],
  { headers = {}, formTargets = [] }: PageOptions = {},
): Promise<HttpResponse> {
  const { pages } = services.settings
  const body = await pages.render(name, props)
  return { status, headers: { ...pages.headers(name, formTargets), ...headers }, body }
}
