import type { Epochs } from './epochs.ts'

/** Who a token speaks for: a person, or the client itself. */
export type SubjectType = 'user' | 'client'

/** The claims of an access token (RFC 9068 section 2.2) and ours beside them. Times in seconds. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  /** A list if the token is for several resources (RFC 8707). */
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly scope: string
  /** Begins with the authorization id and a dot, where there is one. */
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly subject_type: SubjectType
  /** The epochs it was born in: issuer, client, user. */
  readonly epochs: readonly [issuer: number, client: number, user: number]
  /** The provider of the person; absent from a client's token. */
  readonly provider?: string
  /** The authorization it belongs to; absent from a client's token. */
  readonly azn?: string
  /** The session it ends with, if it does. */
  readonly sid?: string
}

/** The `typ` of an access token's header (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** The epochs of a token's claims. */
export const epochsOf = ({ epochs: [issuer, client, user] }: AccessTokenClaims): Epochs => ({
  issuer,
  client,
  user,
})

/** Whether a verified payload has every claim that an access token of ours must have, each of its type. */
export function isAccessTokenClaims(payload: Readonly<Record<string, unknown>>): boolean {
  const texts = ['iss', 'sub', 'client_id', 'jti'].every((name) => isFilledText(payload[name]))
  const times = Number.isSafeInteger(payload['iat']) && Number.isSafeInteger(payload['exp'])
  return (
    texts &&
    times &&
    isAudience(payload['aud']) &&
    typeof payload['scope'] === 'string' &&
    isEpochs(payload['epochs']) &&
    hasSubject(payload)
  )
}

const isFilledText = (value: unknown): boolean => typeof value === 'string' && value !== ''

const isAudience = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every(isFilledText) : isFilledText(value)

const isEpochs = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((epoch) => Number.isSafeInteger(epoch))

/** A person's token names provider and authorization; a client's names neither and has the client as its subject. */
function hasSubject({
  subject_type,
  provider,
  azn,
  sid,
  sub,
  client_id,
}: Readonly<Record<string, unknown>>): boolean {
  if (sid !== undefined && !isFilledText(sid)) return false
  if (subject_type === 'user') return isFilledText(provider) && isFilledText(azn)
  return subject_type === 'client' && provider === undefined && azn === undefined && sub === client_id
}
