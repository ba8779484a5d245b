import type { BroadcastListener, BroadcastSource } from '../broadcast/broadcast.ts'
import { isAbout } from '../broadcast/topic.ts'
import type { Logger } from '../lib/log.ts'
import type { RevocationFeed } from '../revocations/feed.ts'

/** How often messages can make a guard poll (ms): the issuer must withstand those who send false ones. */
const MIN_INTERVAL = 100

/**
 * Polls the issuer's feed when a message announces a revocation. Nothing in the message is trusted. If the poll finds
 * nothing, it may have started before the message was sent, so there is a second one.
 */
export function pollOnMessages(
  source: BroadcastSource,
  options: { readonly issuer: string; readonly logger: Logger },
  feed: Pick<RevocationFeed, 'sync' | 'version'>,
): BroadcastListener {
  let timer: NodeJS.Timeout | undefined
  let polledAt = Number.NEGATIVE_INFINITY

  async function poll(isSecond: boolean): Promise<void> {
    timer = undefined
    polledAt = performance.now()
    const { version } = feed
    await feed.sync().catch(() => {})
    if (feed.version === version && !isSecond) schedule(true)
  }
  function schedule(isSecond = false): void {
    const wait = Math.max(0, polledAt + MIN_INTERVAL - performance.now())
    timer ??= setTimeout(() => void poll(isSecond), wait).unref()
  }

  const listener = source.listen(options, (message) => {
    if (isAbout('revocation', message)) schedule()
  })
  return {
    get problem() {
      return listener.problem
    },
    close() {
      clearTimeout(timer)
      listener.close()
    },
  }
}
