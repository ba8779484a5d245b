import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { AccountPage } from '../../model/account-page.ts'
import type { AccountProps } from '../../pages/props.ts'
import { displayNameOf } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { providerPathsOf, type ProviderPaths } from '../paths.ts'
import type { SignedInUser } from './signed-in-user.ts'

const PATHS: Readonly<Record<AccountPage, keyof ProviderPaths>> = {
  devices: 'devicesPage',
  tokens: 'tokensPage',
}

/** GET: redirects to the first account page, which sends guests through sign-in. */
export function showAccount({ services: { settings } }: Exchange, provider: string): HttpResponse {
  const [first = 'devices'] = settings.accountPages
  return redirect(providerPathsOf(settings, provider)[PATHS[first]])
}

/** Returns what an account page shows around its content. */
export function accountProps(
  { services: { settings } }: Exchange,
  { session, user }: SignedInUser,
  current: AccountPage,
): AccountProps {
  const paths = providerPathsOf(settings, session.provider)
  return {
    userName: displayNameOf(user),
    signOutUrl: paths.signOut,
    accountPages: settings.accountPages.map((page) => ({
      page,
      url: paths[PATHS[page]],
      isCurrent: page === current,
    })),
  }
}
