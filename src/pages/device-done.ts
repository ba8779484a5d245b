import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { DeviceDoneProps } from './props.ts'

/** Says what a device was told, and that the rest happens there. */
export function deviceDonePage({ client, decision }: DeviceDoneProps, site: Site): Html {
  const words = site.words.deviceDone
  const name = isolateName(client.name)
  const content = html`<h1>${words[decision]}</h1>
    <p>${decision === 'approved' ? words.mayGoOn(name) : words.getsNothing(name)}</p>`
  return layout(site, words[decision], content)
}
