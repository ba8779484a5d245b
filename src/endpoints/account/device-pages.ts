import type { Settings } from '../../config/settings.ts'
import type { HttpResponse } from '../../lib/http.ts'
import { formatUserCode, normalizeUserCode } from '../../model/device-code.ts'
import type { DeviceCodeProps } from '../../pages/props.ts'
import { displayNameOf } from '../../users/provider.ts'
import { describeClient, describeScopes } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'
import type { DeviceAnswer, PendingDevice } from './pending-device.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** What the first page shows beside its form. */
export interface CodePageOptions {
  /** What was typed, or came with the address. */
  readonly userCode: string
  readonly problem?: NonNullable<DeviceCodeProps['problem']>
  readonly headers?: HttpResponse['headers']
}

/** The page that asks for the code. */
export function codePage(
  exchange: Exchange,
  visitor: SignedInUser,
  status: number,
  { userCode, problem, headers }: CodePageOptions,
): Promise<HttpResponse> {
  const { action, csrf } = formOf(exchange, visitor)
  const props = { action, hidden: { csrf }, userCode: displayUserCode(userCode), ...(problem && { problem }) }
  return page(exchange, status, 'deviceCode', props, { ...(headers && { headers }) })
}

/** The page that asks whether the device may go on. Whoever asks is always asked: nothing is remembered. */
export function consentPage(
  exchange: Exchange,
  visitor: SignedInUser,
  userCode: string,
  { client, code }: PendingDevice,
): Promise<HttpResponse> {
  const { action, csrf } = formOf(exchange, visitor)
  const hidden = { csrf, user_code: displayUserCode(userCode) }
  const props = {
    client: describeClient(client),
    userCode: displayUserCode(userCode),
    address: code.address,
    scopes: describeScopes(code.scopes, exchange.services.settings),
    userName: displayNameOf(visitor.user),
    approve: { action, hidden: { ...hidden, intent: 'approve' } },
    deny: { action, hidden: { ...hidden, _method: 'DELETE' } },
    switchAccount: { action, hidden: { ...hidden, intent: 'switch' } },
  }
  return page(exchange, 200, 'deviceConsent', props)
}

/** The page that says how it ended. */
export const donePage = (exchange: Exchange, { client, decision }: DeviceAnswer): Promise<HttpResponse> =>
  page(exchange, 200, 'deviceDone', { client: { name: client.name }, decision })

/** The address of the first page, with the code filled in where there is one. */
export function devicePathWith(settings: Settings, provider: string, userCode: string): string {
  const path = providerPathsOf(settings, provider).device
  return userCode === ''
    ? path
    : `${path}?${new URLSearchParams({ user_code: displayUserCode(userCode) }).toString()}`
}

/** As the device shows it; as it is where it can be no code. */
function displayUserCode(typed: string): string {
  const userCode = normalizeUserCode(typed)
  return userCode === undefined ? typed : formatUserCode(userCode)
}

/** Where the forms of these pages post to, and what shows that they are ours. */
function formOf(
  exchange: Exchange,
  { session }: SignedInUser,
): { readonly action: string; readonly csrf: string } {
  const { csrf, settings } = exchange.services
  return {
    action: providerPathsOf(settings, session.provider).device,
    csrf: csrf.tokenFor(exchange, session),
  }
}
