import type { Settings } from '../../config/settings.ts'
import type { HttpResponse } from '../../lib/http.ts'
import { formatUserCode, normalizeUserCode } from '../../model/device-code.ts'
import type { DeviceCodeProps } from '../../pages/props.ts'
import { displayNameOf } from '../../users/provider.ts'
import { consentScopes } from '../consent-scopes.ts'
import { describeClient, describeResources } from '../descriptions.ts'
import { languagesOf } from '../languages.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { appsUrlOf } from './account.ts'
import type { DeviceAnswer, PendingDevice } from './pending-device.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** What the page for the code shows. */
export interface CodePageOptions {
  /** What the user entered, or the code from the URL. */
  readonly userCode: string
  readonly problem?: NonNullable<DeviceCodeProps['problem']>
  readonly headers?: HttpResponse['headers']
}

/** Asks for the code. */
export function codePage(
  exchange: Exchange,
  signedIn: SignedInUser,
  status: number,
  { userCode, problem, headers }: CodePageOptions,
): Promise<HttpResponse> {
  const { action, csrf } = formOf(exchange, signedIn)
  const props = { action, hidden: { csrf }, userCode: displayUserCode(userCode), ...(problem && { problem }) }
  return page(exchange, status, 'deviceCode', props, { ...(headers && { headers }) })
}

/** Asks whether to allow the device. Consent is never remembered here. */
export function consentPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  userCode: string,
  { client, code }: PendingDevice,
): Promise<HttpResponse> {
  const { action, csrf } = formOf(exchange, signedIn)
  const hidden = { csrf, user_code: displayUserCode(userCode) }
  const props = {
    client: describeClient(client),
    userCode: displayUserCode(userCode),
    address: code.address,
    scopes: consentScopes(code.scopes, exchange.services.settings, languagesOf(exchange)),
    resources: describeResources(code.resources, exchange.services.settings),
    userName: displayNameOf(signedIn.user),
    approve: { action, hidden: { ...hidden, intent: 'approve' } },
    deny: { action, hidden: { ...hidden, _method: 'DELETE' } },
    switchAccount: { action, hidden: { ...hidden, intent: 'switch' } },
    ...appsUrlOf(exchange.services, signedIn.session.provider),
  }
  return page(exchange, 200, 'deviceConsent', props)
}

/** Confirms the decision. */
export const donePage = (exchange: Exchange, { client, decision }: DeviceAnswer): Promise<HttpResponse> =>
  page(exchange, 200, 'deviceDone', { client: { name: client.name }, decision })

/** Returns the path of the page for the code, with a code filled in unless it is empty. */
export function devicePathWith(settings: Settings, provider: string, userCode: string): string {
  const query = userCode === '' ? {} : { user_code: displayUserCode(userCode) }
  return withQuery(providerPathsOf(settings, provider).device, query)
}

/** Formats a code as the device shows it. Returns anything else unchanged. */
function displayUserCode(entered: string): string {
  const userCode = normalizeUserCode(entered)
  return userCode === undefined ? entered : formatUserCode(userCode)
}

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
