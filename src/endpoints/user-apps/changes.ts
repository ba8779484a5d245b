import type { Client } from '../../model/client.ts'
import { isDeviceApp, type UserAppFields } from '../../user-apps/fields.ts'
import type { OwnerRequest } from '../../user-apps/user-apps.ts'
import type { SignedInUser } from '../account/signed-in-user.ts'
import type { Exchange } from '../endpoint.ts'

/** How long earlier secrets work, in seconds: a day, and at most 30 days. */
export const DEFAULT_OVERLAP = 86_400
const MAX_OVERLAP = 2_592_000

/** What a message says about any other value. */
export const OVERLAP_PROBLEM = `must be a whole number of seconds from 0 to ${MAX_OVERLAP}`

/** Returns whether a value is an overlap that owners may choose, in seconds. */
export const isOverlap = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_OVERLAP

/** Returns whether a change decides where codes are sent. It needs a recent sign-in, as a new secret does. */
export function isSensitive({ redirectUris, isDevice }: UserAppFields, app: Client): boolean {
  const isSame =
    redirectUris === undefined || JSON.stringify(redirectUris) === JSON.stringify(app.redirectUris)
  return !isSame || (isDevice !== undefined && isDevice !== isDeviceApp(app))
}

/** Returns who changes an app, and in which request. */
export const requestOf = ({ requestId }: Exchange, { session }: SignedInUser): OwnerRequest => ({
  owner: { provider: session.provider, userId: session.userId },
  userEpoch: session.userEpoch,
  requestId,
})
