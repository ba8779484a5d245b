import { accountPagesOf } from '../../config/account-pages.ts'
import type { HttpResponse } from '../../lib/http.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'

/** Returns the page for signed-in users who open the sign-in page themselves. */
export function signedInPage(exchange: Exchange, provider: string, user: BaseUser): Promise<HttpResponse> {
  const { settings } = exchange.services
  const { signOut: signOutUrl, account: accountUrl } = providerPathsOf(settings, provider)
  const props = { userName: displayNameOf(user), signOutUrl }
  const hasAccount = accountPagesOf(settings, provider).length > 0
  return page(exchange, 200, 'signedIn', hasAccount ? { ...props, accountUrl } : props)
}
