import { randomId } from '../../lib/hash.ts'
import type { OutageLog } from '../../lib/outage-log.ts'
import type { RevocationEntry } from '../../model/revocation.ts'
import type { LiveRevocations } from '../broadcast.ts'
import type { RedisLink } from './client.ts'
import type { KeyNames } from './keys.ts'
import { createWriteCommand, type Command } from './script.ts'

/** The copy of a server's revocations in Redis, for readers in other languages. */
export interface RevocationCopy {
  /** Adds an entry. The next step writes it. */
  add(entry: RevocationEntry): void
  /** Asks Redis which process it is, on a new connection. Everything is written again. */
  connect(link: RedisLink): Promise<void>
  /** Returns whether a step has work to do now. */
  isBusy(): boolean
  /** Writes what was added, and a part of the rest. Rejects only if the connection fails. */
  step(link: RedisLink): Promise<void>
  /** Checks and extends the marker. Called every second. */
  beat(link: RedisLink): Promise<void>
}

export interface CopyOptions {
  readonly names: KeyNames
  readonly issuer: string
  readonly revocations: LiveRevocations
  readonly now: () => number
  readonly outageLog: OutageLog
}

/** How long readers trust the copy after the last beat (s). */
const MARKER_LIFETIME = '10'
/** The number of keys per command. Redis needs about a millisecond for them. */
const BATCH_SIZE = 500
/** The number of added entries above which everything is written again instead. */
const MAX_ADDED = 10_000
/** How often everything is written again (ms), in case a key was deleted or evicted. */
const REWRITE_INTERVAL = 600_000
/** How long to wait (ms) before the next attempt after a write was refused. */
const RETRY_INTERVAL = 1_000

/** How far everything was written again. */
interface Rewrite {
  /** The ID from which to continue. Undefined before the first part. */
  readonly cursor: number | undefined
  /** Whether this node has dropped entries, so that readers must not trust the copy until it is finished. */
  readonly mustClear: boolean
}

/**
 * Creates a copy. Its marker tells readers that nothing is missing. The marker names the Redis process for which that holds:
 * one that was restarted from a snapshot, or a replica that was promoted, may lack the last writes. In that case, and if the
 * marker is missing because Redis was flushed, everything is written again, in batches. Several nodes may do that at the
 * same time, because a write never takes anything back.
 */
export function createRevocationCopy(options: CopyOptions): RevocationCopy {
  const { names, issuer, revocations, now, outageLog } = options
  const rewriteKey = names.rewrite(randomId())
  let added: RevocationEntry[] = []
  let rewrite: Rewrite | undefined
  let rewriteAt = 0
  let retryAt = 0
  let marker = ''
  // Whether this node has written everything on this connection, and nothing was refused or lost since.
  let isTrusted = false

  function restart(mustClear = false): void {
    isTrusted = false
    rewrite = { cursor: undefined, mustClear: mustClear || rewrite?.mustClear === true }
  }

  function retryLater(cause: unknown): void {
    outageLog.failed(cause)
    retryAt = performance.now() + RETRY_INTERVAL
    restart()
  }

  /** Sends commands. If one is refused, takes the marker away, so that readers do not trust an incomplete copy. */
  async function attempt(
    link: RedisLink,
    commands: readonly Command[],
  ): Promise<readonly unknown[] | undefined> {
    const replies = await link.send(commands)
    const refused = replies.find(({ error }) => error)?.error
    if (!refused) return replies.map(({ value }) => value)
    retryLater(refused)
    await link.send([['DEL', names.complete]])
    return undefined
  }

  async function writeAdded(link: RedisLink): Promise<void> {
    const command = createWriteCommand(names, added.splice(0, BATCH_SIZE), now())
    if (command) await attempt(link, [command])
  }

  /** Takes away the marker of another Redis process. Returns false if the keys belong to another issuer. */
  async function begin(link: RedisLink, mustClear: boolean): Promise<boolean> {
    const [known] = (await attempt(link, [['GET', names.complete]])) ?? []
    if (typeof known === 'string' && !known.endsWith(` ${issuer}`)) {
      retryLater(new Error('Another issuer uses the same keys. Give each its own keyPrefix'))
      return false
    }
    if (mustClear || known !== marker) await link.send([['DEL', names.complete]])
    return (await attempt(link, [['SET', rewriteKey, marker, 'EX', MARKER_LIFETIME]])) !== undefined
  }

  /** Writes the next part. `SET … XX` returns null if Redis was flushed meanwhile. */
  async function writePart(link: RedisLink, part: Rewrite): Promise<void> {
    const entries = await revocations.list(part.cursor ?? 0, BATCH_SIZE).catch(retryLater)
    if (!entries) return
    const write = createWriteCommand(names, entries, now())
    const extend = ['SET', rewriteKey, marker, 'XX', 'EX', MARKER_LIFETIME]
    const values = await attempt(link, write ? [write, extend] : [extend])
    // Entries were dropped meanwhile, or a command was refused.
    if (rewrite !== part || !values) return
    const last = entries.at(-1)
    if (values.at(-1) === null) restart()
    else if (last && entries.length === BATCH_SIZE) rewrite = { cursor: last.id, mustClear: false }
    else await finish(link, part)
  }

  /** Turns the node's own key into the marker. That fails if Redis was flushed since the key was set. */
  async function finish(link: RedisLink, part: Rewrite): Promise<void> {
    const [renamed] = await link.send([
      ['RENAME', rewriteKey, names.complete],
      ['EXPIRE', names.complete, MARKER_LIFETIME],
    ])
    if (rewrite !== part) return
    if (renamed?.error) return restart()
    outageLog.recovered()
    isTrusted = true
    rewrite = undefined
    rewriteAt = performance.now() + REWRITE_INTERVAL
  }

  const mayTry = (): boolean => marker !== '' && performance.now() >= retryAt

  return {
    add(entry) {
      added.push(entry)
      if (added.length <= MAX_ADDED) return
      added = []
      restart(true)
    },
    async connect(link) {
      added = []
      rewrite = undefined
      restart()
      const [info] = await link.send([['INFO', 'server']])
      const runId = /^run_id:(\w+)/m.exec(String(info?.value))?.[1]
      marker = runId === undefined ? '' : `${runId} ${issuer}`
      if (runId === undefined) outageLog.failed(info?.error ?? new Error('INFO server returned no run_id'))
    },
    isBusy: () => mayTry() && (added.length > 0 || rewrite !== undefined),
    async step(link) {
      if (!mayTry()) return
      // A rewrite that starts now lists what was added, and may find that the keys belong to another issuer.
      if (rewrite && rewrite.cursor === undefined) added = []
      await writeAdded(link)
      const part = rewrite
      if (!part || !mayTry()) return
      const canWrite = part.cursor !== undefined || (await begin(link, part.mustClear))
      if (canWrite && rewrite === part) await writePart(link, part)
    },
    async beat(link) {
      if (!mayTry() || !isTrusted) return
      const [known] = (await attempt(link, [['GET', names.complete]])) ?? []
      if (known !== marker) return restart()
      if (performance.now() >= rewriteAt) rewrite ??= { cursor: undefined, mustClear: false }
      if (revocations.isFresh())
        await attempt(link, [['SET', names.complete, marker, 'XX', 'EX', MARKER_LIFETIME]])
    },
  }
}
