import { openBrowser } from '../../support/browser.ts'
import { eventually, refreshOutcome } from '../../support/cluster.ts'
import { callApi } from '../../support/oauth-client.ts'
import type { Acknowledged, Ledger } from './ledger.ts'
import type { World } from './world.ts'

/** What is missing of a ledger. */
export interface Losses {
  /** What was acknowledged and is gone, by kind, with how long (ms) before a moment it was acknowledged. */
  readonly lost: readonly { readonly what: string; readonly age: number }[]
  /** The codes that gave tokens more than once. */
  readonly usedTwice: number
}

/** Milliseconds. */
const PATIENCE = 5_000

/** Checks everything in a ledger at both nodes. `moment` is when the fault began. */
export async function checkLedger(world: World, ledger: Ledger, moment: number): Promise<Losses> {
  const [first, second] = world.nodes.map(({ server }) => server)
  if (!first || !second) throw new Error('There are two nodes')
  const lost: { what: string; age: number }[] = []
  async function expectAll<Value>(
    what: string,
    all: readonly Acknowledged<Value>[],
    isThere: (value: Value) => Promise<boolean>,
  ): Promise<void> {
    for (const { at, value } of all) if (!(await isThere(value))) lost.push({ what, age: moment - at })
  }
  const isRejected = async (access: string): Promise<boolean> => {
    const statuses = await Promise.all([
      callApi(first, '/me', access).then(({ status }) => status),
      callApi(second, '/me', access).then(({ status }) => status),
      world.service.get('/me', `Bearer ${access}`).then(({ status }) => status),
    ])
    return statuses.every((status) => status === 401)
  }
  const outcomeOf = (refresh: string): Promise<string> => refreshOutcome(first, world.clients.app, refresh)
  await expectAll('refresh token', ledger.chains, async (token) => (await outcomeOf(token)) === '200')
  await expectAll(
    'authorization',
    ledger.kept,
    async ({ client: name, refresh }) =>
      (await refreshOutcome(first, world.clients[name], refresh)) === '200',
  )
  await expectAll('revocation', ledger.revoked, async ({ refresh, access }) => {
    if ((await outcomeOf(refresh)) !== 'invalid_grant') return false
    return eventually(() => isRejected(access), PATIENCE)
  })
  await expectAll('session', ledger.sessions, async (cookie) => {
    const pages = await Promise.all(
      [first, second].map((server) => openBrowser(server).open('/login', { headers: { cookie } })),
    )
    return pages.every(({ text }) => text.includes("You're signed in"))
  })
  return { lost, usedTwice: ledger.doubles.filter((times) => times > 1).length }
}
