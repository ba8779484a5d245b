import type { Settings } from '../../config/settings.ts'
import { toSeconds } from '../../lib/clock.ts'
import { randomBase64url } from '../../lib/hash.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { PersonalTokensProps } from '../../pages/props.ts'
import type { PersonalToken, PersonalTokenCreated } from '../../personal-tokens/personal-tokens.ts'
import { describeScopes } from '../descriptions.ts'
import { languagesOf } from '../languages.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { accountProps } from './account.ts'
import { reauthenticationProps } from './reauthentication.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** What the user entered. `lifetime` is in ms, or NaN. */
export interface TokenFormValues {
  readonly name: string
  readonly scopes: readonly string[]
  readonly lifetime: number
}

/** What the page shows besides the tokens. */
export interface TokensPageOptions {
  readonly values?: TokenFormValues
  /** The name of a token that was just revoked. */
  readonly revoked?: string
  readonly problem?: NonNullable<PersonalTokensProps['problem']>
  readonly headers?: HttpResponse['headers']
}

/** Shows the user's tokens and a form for a new one. */
export async function tokensPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  status: number,
  { values, revoked, problem, headers }: TokensPageOptions = {},
): Promise<HttpResponse> {
  const { services } = exchange
  const { settings } = services
  const { session } = signedIn
  const csrf = services.csrf.tokenFor(exchange, session)
  const { tokensPage: action } = providerPathsOf(settings, session.provider)
  const tokens = await services.personalTokens.list(session)
  const languages = languagesOf(exchange)
  const lifetimes = lifetimesUpTo(settings.personalTokens?.maximumLifetime ?? 0)
  const props = {
    ...accountProps(exchange, signedIn, 'tokens'),
    tokens: tokens.map((token) => ({
      ...token,
      scopes: describeScopes(token.scopes, settings, languages),
      revokeUrl: withQuery(action, { revoke: token.id }),
    })),
    create: { action, hidden: { csrf, nonce: randomBase64url(16) } },
    scopes: describeScopes([...settings.scopes.defined], settings, languages),
    lifetimes: lifetimes.map(toSeconds),
    values: {
      name: values?.name ?? '',
      scopes: values?.scopes ?? [],
      lifetime: toSeconds(
        selectedLifetime(lifetimes, values?.lifetime, settings.personalTokens?.lifetime ?? 0),
      ),
    },
    ...reauthenticationProps(services, session, action),
    ...(revoked !== undefined && { revoked }),
    ...(problem && { problem }),
  }
  return page(exchange, status, 'personalTokens', props, { ...(headers && { headers }) })
}

const DAY = 86_400_000
const LIFETIMES: readonly number[] = [7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY]

/** Returns the usual lifetimes up to the maximum, or the maximum if all of them are longer. */
function lifetimesUpTo(maximum: number): readonly number[] {
  const allowed = LIFETIMES.filter((lifetime) => lifetime <= maximum)
  return allowed.length > 0 ? allowed : [maximum]
}

/** Returns what the user selected, or else the longest lifetime up to 30 days and the default. */
function selectedLifetime(lifetimes: readonly number[], entered: number | undefined, usual: number): number {
  if (entered !== undefined && lifetimes.includes(entered)) return entered
  const most = Math.min(usual, 30 * DAY)
  return lifetimes.findLast((lifetime) => lifetime <= most) ?? lifetimes[0] ?? most
}

/** Asks before revoking a token. */
export function revokeTokenPage(
  exchange: Exchange,
  { session }: SignedInUser,
  { id, name }: PersonalToken,
): Promise<HttpResponse> {
  const { services } = exchange
  const csrf = services.csrf.tokenFor(exchange, session)
  const { tokensPage: tokensUrl } = providerPathsOf(services.settings, session.provider)
  const revoke = { action: tokensUrl, hidden: { csrf, revoke: id } }
  return page(exchange, 200, 'revokePersonalToken', { name, revoke, tokensUrl })
}

/** Returns the path of the page of tokens, with a notice that this one was revoked. */
export const revokedPath = (settings: Settings, provider: string, id: string): string =>
  withQuery(providerPathsOf(settings, provider).tokensPage, { revoked: id })

/** Shows a new token, once. */
export function newTokenPage(
  exchange: Exchange,
  { session }: SignedInUser,
  { token, response }: PersonalTokenCreated,
): Promise<HttpResponse> {
  const { settings } = exchange.services
  return page(exchange, 200, 'newPersonalToken', {
    name: token.name,
    accessToken: response.access_token,
    scopes: describeScopes(token.scopes, settings, languagesOf(exchange)),
    expiresAt: token.expiresAt,
    tokensUrl: providerPathsOf(settings, session.provider).tokensPage,
  })
}
