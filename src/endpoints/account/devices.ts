import { OAuthError } from '../../errors.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { DevicesProps } from '../../pages/props.ts'
import type { Device } from '../../sessions/devices.ts'
import { deviceKindOf } from '../../model/device-name.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery, requireParameter } from '../body.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { redirectToSignIn } from '../return-to.ts'
import { accountProps } from './account.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/** In place of an ID, in the parameters `sign_out` and `signed_out`. */
const OTHERS = 'others'
const MAX_SHOWN = 100

/**
 * GET: the user's devices. With `sign_out=<id>` or `sign_out=others`, asks whether to sign out; with `signed_out`, says
 * that it was done.
 */
export async function showDevices(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  const query = readQuery(exchange.request)
  const target = query.get('sign_out')
  if (target !== undefined) return confirmSignOut(exchange, signedIn, target)
  return devicesPage(exchange, signedIn, query.get('signed_out'))
}

/** POST: signs out the device with the ID `sign_out`, or all others. */
export async function postDevices(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request, requestId } = exchange
  const form = await readForm(request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  const { session } = signedIn
  if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
  const target = requireParameter(form, 'sign_out')
  if (target === session.id) return redirect(providerPathsOf(services.settings, provider).signOut)
  const from = { requestId, currentId: session.id }
  if (target === OTHERS) await services.devices.signOutOthers(session, from)
  else if (!(await services.devices.signOut(session, target, from))) throw deviceNotFound()
  return redirect(devicesUrl(exchange, provider, { signed_out: target }))
}

/** Another user's device is unknown: the answer does not tell whether it exists. */
const deviceNotFound = (): OAuthError => new OAuthError('not_found', 'The device does not exist')

async function devicesPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  signedOut: string | undefined,
): Promise<HttpResponse> {
  const { devices: service, places: placesService, settings } = exchange.services
  const { session } = signedIn
  const devices = currentFirst(await service.list(session, session.id))
  const shown = devices.slice(0, MAX_SHOWN)
  const places = await placesService.find(shown.map(({ address }) => address))
  const notice = await noticeOf(exchange, signedIn, { signedOut, devices })
  return page(exchange, 200, 'devices', {
    ...accountProps(exchange, signedIn, 'devices'),
    devices: shown.map((device) => ({
      ...viewOf(device, places),
      lastSeenAt: device.lastSeenAt,
      isCurrent: device.isCurrent,
      signOutUrl: device.isCurrent
        ? providerPathsOf(settings, session.provider).signOut
        : devicesUrl(exchange, session.provider, { sign_out: device.id }),
    })),
    hidden: devices.length - shown.length,
    ...(devices.length > 1 && {
      signOutOthersUrl: devicesUrl(exchange, session.provider, { sign_out: OTHERS }),
    }),
    now: settings.clock.now(),
    ...(notice && { notice }),
  })
}

const currentFirst = (devices: readonly Device[]): readonly Device[] =>
  devices.toSorted((one, other) => Number(other.isCurrent) - Number(one.isCurrent))

const viewOf = (
  { id, deviceName, userAgent, address, createdAt }: Omit<Device, 'isCurrent'>,
  places: ReadonlyMap<string, string>,
) => ({
  id,
  name: deviceName,
  kind: deviceKindOf(userAgent),
  address,
  place: places.get(address) ?? null,
  createdAt,
})

/** What was done comes from the database, so that a link cannot make the page say what did not happen. */
async function noticeOf(
  { services }: Exchange,
  { session }: SignedInUser,
  { signedOut, devices }: { readonly signedOut: string | undefined; readonly devices: readonly Device[] },
): Promise<DevicesProps['notice']> {
  if (signedOut === undefined) return undefined
  if (signedOut === OTHERS) return devices.length === 1 ? { kind: 'others-signed-out' } : undefined
  const device = await services.devices.find(session, signedOut)
  return device && device.revokedAt !== null ? { kind: 'signed-out', name: device.deviceName } : undefined
}

async function confirmSignOut(
  exchange: Exchange,
  { session }: SignedInUser,
  target: string,
): Promise<HttpResponse> {
  const { services } = exchange
  const { provider } = session
  const action = devicesUrl(exchange, provider)
  const csrf = services.csrf.tokenFor(exchange, session)
  const signOut = { action, hidden: { csrf, sign_out: target } }
  if (target === OTHERS) return page(exchange, 200, 'signOutDevice', { signOut, devicesUrl: action })
  if (target === session.id) return redirect(providerPathsOf(services.settings, provider).signOut)
  const device = await services.devices.find(session, target)
  if (!device) return redirect(action)
  // Another tab was faster.
  if (device.revokedAt !== null) return redirect(devicesUrl(exchange, provider, { signed_out: target }))
  const places = await services.places.find([device.address])
  return page(exchange, 200, 'signOutDevice', { device: viewOf(device, places), signOut, devicesUrl: action })
}

const devicesUrl = (
  { services }: Exchange,
  provider: string,
  query: Readonly<Record<string, string>> = {},
): string => withQuery(providerPathsOf(services.settings, provider).devicesPage, query)

const askToSignIn = (exchange: Exchange, provider: string): Promise<HttpResponse> =>
  redirectToSignIn(exchange, provider, { returnTo: devicesUrl(exchange, provider) })
