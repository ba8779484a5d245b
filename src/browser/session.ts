import { withLock } from './lock.ts'
import { createExpiry, createPair, parsePair, type Expiry, type TokenPair } from './pair.ts'
import { sessionStorage } from './platform.ts'
import { requestRefresh, requestSignOut, signInReasonOf, type ServerParts } from './renewal.ts'
import type { TokenResponse } from './requests.ts'
import type { SafeStorage, TokenStorage } from './storage.ts'
import { connectTabs, type Announcement, type SignInReason } from './tabs.ts'

/** The tokens of the signed-in user, shared between tabs. */
export interface Session {
  read(): Promise<TokenPair | undefined>
  /** Stores the tokens of a new sign-in. */
  start(response: TokenResponse): Promise<void>
  /**
   * Replaces a pair. Concurrent calls share one refresh. Resolves to undefined if the user must sign in.
   *
   * @throws AuthError if the server can't be reached; the user stays signed in
   */
  refresh(rejected: TokenPair): Promise<TokenPair | undefined>
  readonly expiry: Expiry
  /** Signs out in all tabs. Resolves when the server has responded, or can't be reached. */
  end(): Promise<void>
}

/** What a session needs. */
export interface SessionParts extends ServerParts {
  readonly key: string
  readonly storage: TokenStorage | undefined
  readonly safeStorage: SafeStorage
  /** Called when the user must sign in. */
  readonly notify: (reason: SignInReason) => void
}

/** Creates the session of a client. */
export function createSession(parts: SessionParts): Session {
  const { key, storage, safeStorage, notify } = parts
  const isPerTab = !storage || storage === sessionStorage()
  const expiry = createExpiry()
  const announceToTabs = connectTabs(key, storage, (announcement) => void receive(announcement))
  /** The refreshes that are running, by the access token that they replace. */
  const refreshes = new Map<string, Promise<TokenPair | undefined>>()

  const read = async (): Promise<TokenPair | undefined> => parsePair(await safeStorage.read(key))

  /** Replaces a pair, unless another tab has done so or the user has signed out. Resolves to what is stored now. */
  async function replace(pair: TokenPair, next?: TokenPair, reason?: SignInReason) {
    let isReplaced = false
    const stored = await safeStorage.update(key, (current) => {
      isReplaced = parsePair(current)?.access_token === pair.access_token
      return isReplaced ? (next ? JSON.stringify(next) : null) : current
    })
    if (isReplaced && reason) announce(reason, pair)
    return parsePair(stored)
  }

  function announce(reason: SignInReason, pair: TokenPair | undefined): void {
    announceToTabs({ reason, signInId: pair?.sign_in_id })
    notify(reason)
  }

  async function renew(token: string): Promise<TokenPair | undefined> {
    const pair = await read()
    // Another tab has refreshed, or the user has signed out.
    if (pair?.access_token !== token) return pair
    try {
      const next = createPair(await requestRefresh(parts, pair), pair)
      expiry.arrived(next)
      // A tab that was duplicated has a copy of the old pair. After the grace window, using it would be a replay.
      if (storage && isPerTab) announceToTabs({ previous: pair, next })
      return await replace(pair, next)
    } catch (error) {
      return replace(pair, undefined, signInReasonOf(error))
    }
  }

  function refresh({ access_token: token, sign_in_id: id }: TokenPair): Promise<TokenPair | undefined> {
    const running = refreshes.get(token)
    if (running) return running
    const result = withLock(`${key}.${id}`, () => renew(token)).finally(() => refreshes.delete(token))
    refreshes.set(token, result)
    return result
  }

  /** Deletes the tokens and returns them. A refresh that is still running then can't store its tokens. */
  async function remove(): Promise<TokenPair | undefined> {
    let removed: TokenPair | undefined
    await safeStorage.update(key, (current) => {
      removed = parsePair(current)
      return null
    })
    return removed
  }

  async function receive({ reason, signInId, previous, next }: Announcement): Promise<void> {
    if (previous) await replace(previous, next)
    const pair = await read()
    if (!reason) return
    if (!isPerTab) {
      // With another pair, the announcement is late: the user has signed in again.
      if (!pair || pair.sign_in_id === signInId) notify(reason)
    } else if (pair && reason === 'signed_out') {
      await remove()
      notify(reason)
      await requestSignOut(parts, pair)
    }
  }

  return {
    read,
    refresh,
    expiry,
    async start(response) {
      const pair = createPair(response)
      expiry.arrived(pair)
      await safeStorage.update(key, () => JSON.stringify(pair))
    },
    async end() {
      const pair = await remove()
      announce('signed_out', pair)
      if (pair) await requestSignOut(parts, pair)
    },
  }
}
