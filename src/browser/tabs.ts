import type { TokenPair } from './pair.ts'
import { platform } from './platform.ts'

/** A message to the other tabs: the user must sign in, or a pair was refreshed. */
export interface Announcement {
  readonly reason?: SignInReason
  /** The sign-in that ended. Undefined if a browser without channels reports only that tokens were deleted. */
  readonly signInId?: string | undefined
  readonly previous?: TokenPair
  readonly next?: TokenPair
}

/**
 * Why a user must sign in: they signed out here or in another tab (`signed_out`), the session expired (`expired`) or was
 * revoked, for example on another device (`revoked`), or there were no tokens for a call that requires one (`missing`).
 */
export type SignInReason = 'signed_out' | 'expired' | 'revoked' | 'missing'

/**
 * Connects to the other tabs, by a `BroadcastChannel` or by `storage` events. Not in Node, where one process may keep the
 * tokens of many users. Returns the function that announces to them.
 */
export function connectTabs(
  name: string,
  storage: unknown,
  receive: (announcement: Announcement) => void,
): (announcement: Announcement) => void {
  const { location, BroadcastChannel, addEventListener } = platform
  const channel = location && BroadcastChannel && new BroadcastChannel(name)
  if (channel) channel.addEventListener('message', ({ data }) => receive(data as Announcement))
  else
    addEventListener?.('storage', ({ key, newValue, storageArea }) => {
      if (key === name && newValue === null && storageArea === storage) receive({ reason: 'signed_out' })
    })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window: only this origin can listen
  return (announcement) => channel?.postMessage(announcement)
}
