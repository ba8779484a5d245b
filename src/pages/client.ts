import { html, type Html } from '../lib/html.ts'
import { isHttpsUrl, isImageAddress } from '../lib/web-address.ts'
import { initialOf, isolateShort } from './isolate.ts'
import type { ClientView } from './props.ts'
import type { Site } from './site.ts'

/** The logo of a client; if it has none that may be shown, the initial of its name or a neutral symbol. */
export function clientIcon({ name, logo }: Pick<ClientView, 'name' | 'logo'>): Html {
  if (logo !== null && isImageAddress(logo)) return html`<img class="icon" src="${logo}" alt="" />`
  return html`<span class="icon" aria-hidden="true">${initialOf(name) ?? APP_SYMBOL}</span>`
}

const APP_SYMBOL = html`<svg viewBox="0 0 24 24" width="24" height="24" focusable="false">
  <path d="M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z" fill="currentColor" />
</svg>`

/** The publisher and the links of a client. */
export function clientDetails(client: Omit<ClientView, 'host'>, site: Site): Html | false {
  const text = site.messages.client
  const { homepage, publisher } = client
  const own = hostOf(homepage)
  const details = [
    publisher !== null && text.publishedBy(isolateShort(publisher)),
    homepageLink(homepage),
    link(client.privacy, labelWithHost(text.privacy, client.privacy, own)),
    link(client.terms, labelWithHost(text.terms, client.terms, own)),
    client.isThirdParty && text.thirdParty(isolateShort(site.name)),
  ].filter((part) => part !== false)
  if (details.length === 0) return false
  return html`<ul class="details soft small" role="list">
    ${details.map((part) => html`<li>${part}</li>`)}
  </ul>`
}

/** A link to the homepage, named after its host. */
export const homepageLink = (homepage: string | null): Html | false =>
  link(homepage, isolateLtr(hostOf(homepage) ?? ''))

/** A link to another host than the homepage names it, so that users see where it leads. */
function labelWithHost(label: string, url: string | null, own: string | undefined): Html {
  const host = hostOf(url)
  return host === undefined || host === own ? html`${label}` : html`${label} (${isolateLtr(host)})`
}

/** Opens in a new tab, so that the page with its form stays open. */
const link = (url: string | null, label: Html): Html | false =>
  url !== null &&
  hostOf(url) !== undefined &&
  html`<a href="${url}" target="_blank" rel="noopener noreferrer">${label}</a>`

const hostOf = (url: string | null): string | undefined =>
  url !== null && isHttpsUrl(url) ? new URL(url).host : undefined

const isolateLtr = (host: string): Html => html`<bdi dir="ltr">${host}</bdi>`
