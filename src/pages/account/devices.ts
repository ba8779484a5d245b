import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from './account.ts'
import { minute, relative } from '../date.ts'
import { deviceLabel } from './device-label.ts'
import { buttonForm } from '../form.ts'
import { isolateAddress, isolateName, isolateShort, shortText } from '../isolate.ts'
import { layout } from '../layout.ts'
import type { Messages } from '../messages.ts'
import type { DevicesProps, DeviceView, SignOutDeviceProps } from '../props.ts'
import type { Site } from '../site.ts'

type Text = Messages['devices']

/** The devices on which the user is signed in. */
export function devicesPage(props: DevicesProps, site: Site): Html {
  const text = site.messages.devices
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice}</p>
    ${noticeLine(props, text)}
    <ul class="devices" role="list">
      ${props.devices.map((device) => item(device, props, site.messages))}
    </ul>
    ${props.hidden > 0 && html`<p class="note soft small">${text.more(props.hidden)}</p>`}
    ${
      props.signOutOthersUrl !== undefined &&
      html`<p class="actions">
        <a class="secondary" href="${props.signOutOthersUrl}">${text.signOutOthers}</a>
      </p>`
    }`
  return accountLayout(site, text.heading, props, content)
}

function noticeLine({ notice }: DevicesProps, text: Text): Html | undefined {
  if (!notice) return undefined
  const sentence =
    notice.kind === 'signed-out' ? text.signedOut(nameOf(notice, text)) : html`${text.othersSignedOut}`
  return html`<p class="notice" role="status">${sentence}</p>`
}

const nameOf = ({ name }: Pick<DeviceView, 'name'>, text: Text): Html => isolateName(deviceLabel(name, text))

const item = (device: DeviceView, { now }: DevicesProps, { devices: text, formats }: Messages): Html =>
  html`<li>
    ${icon(device, text)}
    <div>
      <p>${nameOf(device, text)} ${device.isCurrent && html`<span class="badge">${text.current}</span>`}</p>
      ${originLine(device)}
      <p class="soft small">
        <span
          >${text.lastSeen(relative(device.lastSeenAt, formats, text.ago((now - device.lastSeenAt) / 1000)))}</span
        >
        <span>${text.signedIn(minute(device.createdAt, formats))}</span>
      </p>
    </div>
    <a
      class="secondary"
      href="${device.signOutUrl}"
      aria-label="${text.signOutNamed(shortText(deviceLabel(device.name, text)))}"
      >${text.signOut}</a
    >
  </li>`

/** Where the device signed in. */
function originLine({ place, address }: Pick<DeviceView, 'place' | 'address'>): Html | false {
  const parts = [
    place !== null && html`<span>${isolateShort(place)}</span> `,
    address !== '' && html`<span>${isolateAddress(address)}</span>`,
  ].filter((part) => part !== false)
  return parts.length > 0 && html`<p class="soft small">${parts}</p>`
}

const icon = ({ kind }: Pick<DeviceView, 'kind'>, text: Text): Html =>
  html`<span class="device-icon" role="img" aria-label="${text.kinds[kind]}"
    ><svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
      ${ICONS[kind]}
    </svg></span
  >`

const ICONS: Readonly<Record<DeviceView['kind'], Html>> = {
  phone: html`<rect x="7" y="2.5" width="10" height="19" rx="2" /><path d="M11 18.5h2" />`,
  tablet: html`<rect x="4.5" y="2.5" width="15" height="19" rx="2" /><path d="M11 18.5h2" />`,
  computer: html`<rect x="4" y="4.5" width="16" height="11" rx="1.5" /><path d="M2 19.5h20" />`,
  other: html`<rect x="3.5" y="4.5" width="17" height="15" rx="2" /><path
      d="m7.5 9.5 3 2.5-3 2.5M13 15h3.5"
    />`,
}

/** Asks before signing out a device, or all others. */
export function signOutDevicePage({ device, signOut, devicesUrl }: SignOutDeviceProps, site: Site): Html {
  const text = site.messages.signOutDevice
  const heading = device ? text.heading : text.othersHeading
  const content = html`<h1>${heading}</h1>
    <p>${device ? text.effect(nameOf(device, site.messages.devices)) : text.othersEffect}</p>
    ${device && details(device, site.messages)}
    <div class="actions pair">
      ${buttonForm(signOut, text.submit, 'danger')}
      <a class="secondary" href="${devicesUrl}">${text.cancel}</a>
    </div>`
  return layout(site, heading, content)
}

const details = (
  device: NonNullable<SignOutDeviceProps['device']>,
  { devices: text, formats }: Messages,
): Html =>
  html`<div class="device-facts">
    ${originLine(device)}
    <p class="soft small">${text.signedIn(minute(device.createdAt, formats))}</p>
  </div>`
