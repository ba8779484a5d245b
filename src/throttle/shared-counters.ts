import type { NodeMessages } from '../broadcast/messages.ts'
import type { Clock } from '../lib/clock.ts'
import { createCounter, type Counter, type CounterFactory, type Policy } from './counter.ts'
import { createOutbox, type Change, type Outbox } from './outbox.ts'
import { parseReports, toWireReport, type WireReport } from './reports.ts'

/**
 * Creates counters that all nodes of a server share: each counts what happens here and what the others report. Checks stay
 * local and synchronous. `scope` tells counters of the same policy apart.
 *
 * Messages can be lost, so a report contains the number of failures that its sender knows. A node that knows fewer, because
 * it missed some or has just started, takes that number over. If a node reports fewer than the limit and another one knows
 * that the limit is reached, that one replies with its own number.
 */
export function createSharedCounters(
  messages: NodeMessages,
  clock: Clock,
): (scope: string) => CounterFactory {
  const counters = new Map<string, SharedCounter>()
  const outbox = createOutbox((changes) => {
    const reports = [...counters].map(([name, { take }]) => [name, take(changes.get(name))] as const)
    messages.publish('failure', Object.fromEntries(reports.filter(([, { length }]) => length > 0)))
  })
  messages.subscribe('failure', (payload) => {
    for (const [name, reports] of parseReports(payload)) counters.get(name)?.receive(reports)
  })
  return (scope) => (policy) => {
    const name = `${scope}.${policy.name}`
    const shared = shareCounter(name, policy, createCounter(policy, clock), {
      ...outbox,
      sync: messages.sync,
    })
    counters.set(name, shared)
    return shared.counter
  }
}

interface SharedCounter {
  readonly counter: Counter
  /** Returns the reports about changes. */
  take(changes: ReadonlyMap<string, Change> | undefined): readonly WireReport[]
  receive(reports: readonly WireReport[]): void
}

function shareCounter(
  name: string,
  policy: Policy,
  counter: Counter,
  outbox: Outbox & Pick<NodeMessages, 'sync'>,
): SharedCounter {
  const announced = trackAnnouncedAttempts(counter)
  const announcePending = (key: string): void => {
    if (announced.hasChanged(key)) outbox.add(name, key, {})
  }
  const reportOf = ([key, { added: unsent, isCleared }]: readonly [string, Change]): WireReport => {
    const { failures, remaining } = counter.read(key)
    const added = Math.min(unsent, failures)
    const pending = announced.takeChange(key)
    return toWireReport(key, { known: failures - added, added, pending, remaining, isCleared })
  }
  return {
    counter: {
      ...counter,
      reserve(key) {
        counter.reserve(key)
        announcePending(key)
      },
      release(key) {
        counter.release(key)
        announcePending(key)
      },
      fail(key) {
        counter.fail(key)
        outbox.add(name, key, { isFailure: true })
      },
      clear(key) {
        const { failures } = counter.read(key)
        counter.clear(key)
        if (failures > 0) outbox.add(name, key, { isCleared: true })
      },
      async sync(key) {
        outbox.flush(name, key)
        await outbox.sync()
      },
    },
    take: (changes = new Map<string, Change>()) => [...changes].map(reportOf),
    receive(reports) {
      for (const [key, known, added, pending, remaining, isCleared] of reports) {
        if (isCleared) counter.clear(key)
        counter.merge(key, { known, added, pending, remaining })
        const isSenderBehind =
          known + added < policy.failures && counter.read(key).failures >= policy.failures
        if (isSenderBehind) outbox.add(name, key, {})
      }
    },
  }
}

/** Tracks how many reserved attempts of this node the others know of. */
function trackAnnouncedAttempts(counter: Pick<Counter, 'read'>) {
  const announced = new Map<string, number>()
  // A single attempt at a key without failures is not worth a message: most sign-ins succeed.
  const toAnnounce = (key: string): number => {
    const { failures, pending } = counter.read(key)
    return failures > 0 || pending > 1 ? pending : 0
  }
  const changeOf = (key: string): number => toAnnounce(key) - (announced.get(key) ?? 0)
  return {
    hasChanged: (key: string): boolean => changeOf(key) !== 0,
    /** Returns the change since the last call, which the others are about to learn. */
    takeChange(key: string): number {
      const [change, pending] = [changeOf(key), toAnnounce(key)]
      if (pending > 0) announced.set(key, pending)
      else announced.delete(key)
      return change
    },
  }
}
