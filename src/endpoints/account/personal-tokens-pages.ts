import { toSeconds } from '../../lib/clock.ts'
import { randomBase64url } from '../../lib/hash.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { PersonalTokensProps } from '../../pages/props.ts'
import type { PersonalTokenCreated } from '../../personal-tokens/personal-tokens.ts'
import { displayNameOf } from '../../users/provider.ts'
import { describeScopes } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** What was typed into the form. `lifetime` in ms; not a number where it was none. */
export interface TokenFormValues {
  readonly name: string
  readonly scopes: readonly string[]
  readonly lifetime: number
}

/** What the page shows after a form that did not do. */
export interface TokensPageOptions {
  readonly values?: TokenFormValues
  readonly problem?: NonNullable<PersonalTokensProps['problem']>
  readonly headers?: HttpResponse['headers']
}

/** The page of a person's tokens. */
export async function tokensPage(
  exchange: Exchange,
  { session, user }: SignedInUser,
  status: number,
  { values, problem, headers }: TokensPageOptions = {},
): Promise<HttpResponse> {
  const { services } = exchange
  const { settings } = services
  const csrf = services.csrf.tokenFor(exchange, session)
  const { tokensPage: action, signOut: signOutUrl } = providerPathsOf(settings, session.provider)
  const tokens = await services.personalTokens.list(session)
  const lifetimes = lifetimesUpTo(settings.personalTokens?.maximumLifetime ?? 0)
  const props = {
    userName: displayNameOf(user),
    signOutUrl,
    tokens: tokens.map((token) => ({
      ...token,
      scopes: describeScopes(token.scopes, settings),
      revoke: { action, hidden: { csrf, revoke: token.id } },
    })),
    create: { action, hidden: { csrf, nonce: randomBase64url(16) } },
    scopes: describeScopes([...settings.scopes.defined], settings),
    lifetimes: lifetimes.map(toSeconds),
    values: {
      name: values?.name ?? '',
      scopes: values?.scopes ?? [],
      lifetime: toSeconds(chosenOf(lifetimes, values?.lifetime, settings.personalTokens?.lifetime ?? 0)),
    },
    ...(problem && { problem }),
  }
  return page(exchange, status, 'personalTokens', props, { ...(headers && { headers }) })
}

const DAY = 86_400_000
const LIFETIMES: readonly number[] = [7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY]

/** What may be chosen from: the usual ones, as far as they are allowed; the longest where none is. */
function lifetimesUpTo(maximum: number): readonly number[] {
  const allowed = LIFETIMES.filter((lifetime) => lifetime <= maximum)
  return allowed.length > 0 ? allowed : [maximum]
}

/** What was chosen; else a month, or the usual time where that is shorter. */
function chosenOf(lifetimes: readonly number[], typed: number | undefined, usual: number): number {
  if (typed !== undefined && lifetimes.includes(typed)) return typed
  const most = Math.min(usual, 30 * DAY)
  return lifetimes.findLast((lifetime) => lifetime <= most) ?? lifetimes[0] ?? most
}

/** The page that shows a new token, this once. */
export function newTokenPage(
  exchange: Exchange,
  { session }: SignedInUser,
  { token, response }: PersonalTokenCreated,
): Promise<HttpResponse> {
  const { settings } = exchange.services
  return page(exchange, 200, 'newPersonalToken', {
    name: token.name,
    accessToken: response.access_token,
    scopes: describeScopes(token.scopes, settings),
    expiresAt: token.expiresAt,
    tokensUrl: providerPathsOf(settings, session.provider).tokensPage,
  })
}
