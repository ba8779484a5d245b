import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { eventually, RACING_NODES, startCluster, refreshOutcome } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import type { Tokens } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { dose } from '../support/dose.ts'
import { startTwoProviders, codeFlowOf } from '../support/providers.ts'
import type { ProviderSetup, ProviderName } from '../support/providers.ts'
import type { TestUser, TestServer } from '../support/server.ts'

const ROUNDS = dose(2, 6)
/** When the sign-ins start (ms): before, during and after the sign-out in the other provider. */
const DELAYS = [0, 40, 80, 120] as const

const two = await startTwoProviders()
const { server, sides } = two
const pairs: Readonly<Record<ProviderName, TestUser>>[] = []
let cluster: Cluster
beforeAll(async () => {
  for (let round = 0; round < ROUNDS; round += 1) pairs.push(await two.addUsersWithSameId())
  cluster = await startCluster(server, RACING_NODES, { customers: [...two.customers.users.values()] })
})
afterAll(async () => {
  await cluster.stop()
  await two[Symbol.asyncDispose]()
})

/** Returns the URL of a provider's sign-in page on a node. */
const pageOn = (node: TestServer, { signIn }: ProviderSetup): string => node.origin + new URL(signIn).pathname

async function signInLater(side: ProviderSetup, delay: number): Promise<Browser> {
  const node = cluster.randomNode()
  const browser = openBrowser({ ...node, formOrigin: server.origin })
  const page = await browser.open(pageOn(node, side))
  await sleep(delay)
  await browser.signIn(page, side.user)
  return browser
}

/** Counts the nodes on which a browser is signed in with a provider. */
async function countSignedIn({ cookies }: Browser, side: ProviderSetup): Promise<number> {
  const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
  const pages = await Promise.all(
    cluster.nodes.map((node) => openBrowser(node).open(pageOn(node, side), { headers: { cookie } })),
  )
  return pages.filter(({ text }) => text.includes("You're signed in")).length
}

interface Round {
  readonly leaving: ProviderSetup
  readonly staying: ProviderSetup
  readonly tokens: Readonly<Record<ProviderName, Tokens>>
}

async function prepare(pair: Readonly<Record<ProviderName, TestUser>>, leaver: ProviderName): Promise<Round> {
  const users: ProviderSetup = { ...sides.users, user: pair.users }
  const customers: ProviderSetup = { ...sides.customers, user: pair.customers }
  const tokens = {
    users: await getCodeFlowTokens(codeFlowOf(two, users)),
    customers: await getCodeFlowTokens(codeFlowOf(two, customers)),
  }
  return leaver === 'users'
    ? { leaving: users, staying: customers, tokens }
    : { leaving: customers, staying: users, tokens }
}

/** Returns whether the guard of a node accepts a token of a provider. */
const isAccepted = async (node: TestServer, { name }: ProviderSetup, token: string): Promise<boolean> =>
  (await callApi(node, name === 'customers' ? '/customers/me' : '/me', token)).status === 200

test('signing out a user everywhere does not affect a user with the same ID in another provider, while both sign in', async () => {
  for (const [round, pair] of pairs.entries()) {
    const { leaving, staying, tokens } = await prepare(pair, round % 2 === 0 ? 'users' : 'customers')
    const { id } = staying.user
    const signOut = async (): Promise<void> => {
      await sleep(Math.random() * (DELAYS.at(-1) ?? 0))
      await callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id, provider: leaving.name })
    }
    const [, stayed] = await Promise.all([
      Promise.all(DELAYS.map((delay) => signInLater(leaving, delay))),
      Promise.all(DELAYS.map((delay) => signInLater(staying, delay))),
      signOut(),
    ])
    for (const browser of stayed) expect(await countSignedIn(browser, staying)).toBe(cluster.nodes.length)
    const { body } = await callAdminApi(cluster.randomNode(), {
      action: 'list sessions',
      id,
      provider: staying.name,
    })
    expect(body).toHaveLength(DELAYS.length + 1)
    const [signedOut, kept] = [tokens[leaving.name], tokens[staying.name]]
    for (const node of cluster.nodes) {
      expect(await eventually(async () => !(await isAccepted(node, leaving, signedOut.access_token)))).toBe(
        true,
      )
      expect(await isAccepted(node, staying, kept.access_token)).toBe(true)
    }
    expect(await refreshOutcome(cluster.randomNode(), leaving.client, signedOut.refresh_token)).toBe(
      'invalid_grant',
    )
    expect(await refreshOutcome(cluster.randomNode(), staying.client, kept.refresh_token)).toBe('200')
  }
})
